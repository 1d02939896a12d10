// Starting an image in a new process with exactly the handles that are named, and the hand-over
// that a re-executed child finds there.
//
// Two tasks live here. LaunchProgram starts any program and is what progeny/boost_process.h wraps.
// LaunchImage starts this program's own image (or another one that constructs a MainGuard) as a
// child of progeny: with a hand-over, a slot, and bound to this process's life. No fork of the
// parent takes place, so neither depends on the parent's size (posix_spawn, CreateProcessW).
//
// The hand-over leaves no trace: nothing in argv or environ once TakeHandOver has run, no
// descriptor open in grandchildren. It has no size limit.
//
// Signals in the new process: empty mask, default actions, ignored ones stay ignored (POSIX).
#ifndef PROGENY_PLATFORM_LAUNCH_H_
#define PROGENY_PLATFORM_LAUNCH_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/child_handle.h"
#include "platform/handle.h"
#include "platform/shared_region.h"

namespace progeny::platform {

// What the child has as standard streams; kNoHandle: what this process has. Borrowed.
struct StandardStreams {
  NativeHandle in = kNoHandle;
  NativeHandle out = kNoHandle;
  NativeHandle err = kNoHandle;
};

// What every way of starting shares. Everything is borrowed for the length of the call.
struct ProcessSetup {
  StandardStreams streams;
  const std::vector<std::string>* environment = nullptr;  // complete; nullptr: this process's
  std::string working_directory;                          // UTF-8; empty: this process's
};

struct ProgramRequest {
  std::string path;                       // UTF-8; not searched for in PATH
  std::vector<std::string> arguments;     // with argv[0]
  ProcessSetup setup;
};

struct StartedProgram {
  ProcessId id = 0;
  Handle process;  // Windows: the process HANDLE; elsewhere empty
};

// The caller waits for the program by itself. The program isn't bound to this process's life.
absl::StatusOr<StartedProgram> LaunchProgram(const ProgramRequest& request);

struct ImageRequest {
  std::string executable;                   // UTF-8; empty: this program's own image, also when
                                            // it was renamed, replaced or deleted meanwhile
  absl::Span<const std::byte> payload;      // what TakeHandOver gives in the child
  const SharedRegion* slot = nullptr;       // shared with the child; its first bytes are the seam's
                                            // own (kSlotReserved), the rest is the caller's
  absl::Span<const NativeHandle> attached;  // borrowed; the child gets duplicates of its own, in
                                            // this order, any number
  ProcessSetup setup;
};

// Words of the seam's own, and room for a small payload: then a start needs no memory but the slot's.
inline constexpr size_t kSlotReserved = 1024;

absl::StatusOr<ChildHandle> LaunchImage(const ImageRequest& request);

// --- in the child -------------------------------------------------------------------------------

// True in a process that LaunchImage has started and in which TakeHandOver has not yet run.
// Costs below a microsecond; may be called before main.
bool HasHandOver();

// Bytes handed over; mapped, not copied. Move-only.
class HandOverBytes {
 public:
  HandOverBytes() = default;
  HandOverBytes(const std::byte* data, size_t size) : data_(data), size_(size) {}
  HandOverBytes(HandOverBytes&& other) noexcept;
  HandOverBytes& operator=(HandOverBytes&& other) noexcept;
  ~HandOverBytes();
  absl::Span<const std::byte> span() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

struct HandOver {
  HandOverBytes payload;
  SharedRegion slot;
  std::vector<Handle> attached;  // as ImageRequest named them; not inherited any further
};

// Takes the hand-over once, binds this process to its parent's life (if the parent has already
// ended, this process ends here), cuts every trace of it out of the command line (`argc`/`argv`,
// which may be null), and makes the process ready for work (Windows: no error dialogs, the
// interrupt event is listened to). DataLoss when the bytes are truncated or garbled.
absl::StatusOr<HandOver> TakeHandOver(int* argc, char** argv, size_t slot_bytes);

// Ready, as in WaitForAny, once the parent that started this child has ended; kNoHandle in a process
// that is nobody's child. In forked children as well.
NativeHandle ParentSentinel();

// Before a re-executed child ends: waits, briefly, until the parent holds its handle, so that its
// status can't be lost to a foreign reaper. Harmless elsewhere.
void BeforeLaunchedChildEnds();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LAUNCH_H_
