// The facts of a crash as they lie in a slot, and what each kernel adds so that they can be read.
#ifndef PROGENY_PLATFORM_POSIX_CRASH_RECORD_H_
#define PROGENY_PLATFORM_POSIX_CRASH_RECORD_H_

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/crash_report.h"

namespace progeny::platform {

inline constexpr size_t kMostFrames = 56;

struct CrashRecord {
  std::atomic<uint32_t> state;  // a CrashState
  int32_t signal;
  int32_t code;                 // si_code
  uint32_t stack_overflow;
  uint64_t address;             // si_addr
  std::atomic<uint32_t> frame_count;
  std::atomic<uint32_t> notes_size;  // bytes in the tail
  uint64_t frames[kMostFrames];      // the first is where it happened, the rest return addresses
};
static_assert(sizeof(CrashRecord) <= kCrashRecordBytes);

// Written in this order, each by the child alone.
enum CrashState : uint32_t { kNoCrash = 0, kBeingTold = 1, kTold = 2 };

inline CrashRecord& CrashRecordAt(std::byte* place) { return *reinterpret_cast<CrashRecord*>(place); }

// --- linux/ and macos/ -----------------------------------------------------------------------------

// Where notes go: at most so many bytes, from the front. Async-signal-safe.
class CrashNotes {
 public:
  CrashNotes(int file, size_t offset) : file_(file), offset_(offset) {}
  void Append(const char* bytes, size_t size);
  size_t size() const { return size_; }

 private:
  const int file_;
  const size_t offset_;
  size_t size_ = 0;
};

// In the dying child: what turns frames into images there. Async-signal-safe.
void NoteImages(absl::Span<const uint64_t> frames, CrashNotes& notes);

// In the parent: a line for each frame.
std::vector<std::string> NameFrames(absl::Span<const uint64_t> frames, absl::string_view notes);

// Whether the fault at `address` came from a stack that was at its end. Async-signal-safe.
bool IsStackOverflow(uint64_t address, const void* context);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_CRASH_RECORD_H_
