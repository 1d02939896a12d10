// Memory that one process builds, freezes, and that any number of processes then see at the same
// address, each with a copy-on-write view of its own.
//
//   [ head | content ........................ | private ............................. ]
//     64 KiB  what is built, and frozen          growth after the freeze, this process's own
//
// The reservation lies at one address in every process, high and random, so that pointers into it
// stay valid. Reserving and mapping cost neither memory nor commit (Windows: MakeWritable charges
// commit for the whole view). All of it vanishes with its last user.
//
// Every process begins with the frozen content, forked children of foreign code included: what
// somebody has written since is never seen by anybody else. In a forked child the head is a copy,
// the content is mapped anew, and the private part is empty. Forks don't copy page tables of
// content or private part, whatever has been written. (A raw clone or _Fork runs no fork handlers:
// there the content isn't mapped.)
//
// Memory is asked for before it is touched: full memory is ResourceExhausted, never a SIGBUS.
#ifndef PROGENY_PLATFORM_FROZEN_MEMORY_H_
#define PROGENY_PLATFORM_FROZEN_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/handle.h"

namespace progeny::platform {

// Reservations begin at, and have a size of, whole multiples of it on every system.
inline constexpr size_t kFrozenUnit = size_t{64} << 10;

// Where another process finds the memory behind a handle.
struct FrozenPlace {
  uint64_t address = 0;   // of the head
  uint64_t reserved = 0;  // bytes, head included
  uint64_t frozen = 0;    // bytes of content, whole pages
};

struct FrozenMemoryRequest {
  uint64_t reserve = 0;     // bytes of addresses, head included; rounded up
  uint64_t first_try = 0;   // an address to try first; 0: random ones. For tests of clashes
  uint64_t most_tries = 64; // of addresses that may be taken
};

// Every fork of this process takes it first, so that a forked child finds nothing half changed
// (elsewhere an ordinary mutex). Held by the caller where the functions below say so, and for as
// short as that.
std::mutex& FrozenMemoryLock();

// A view and a handle. Apart from what is said below, one thread at a time.
class FrozenMemory {
 public:
  static constexpr size_t kHeadBytes = kFrozenUnit;

  // Reserves addresses, with content to be built. ResourceExhausted: no addresses (RLIMIT_AS), or no
  // free ones were found in so many tries. The lock is held.
  static absl::StatusOr<std::unique_ptr<FrozenMemory>> Reserve(const FrozenMemoryRequest& request);
  // Maps what another process has frozen. FailedPrecondition when something lies there already;
  // DataLoss when the handle isn't that memory. Where addresses are short (RLIMIT_AS) the private
  // part is left away. The lock is held.
  static absl::StatusOr<std::unique_ptr<FrozenMemory>> Map(Handle handle, const FrozenPlace& place);
  // Also where other processes still use the memory. The lock is held.
  ~FrozenMemory();
  FrozenMemory(const FrozenMemory&) = delete;
  FrozenMemory& operator=(const FrozenMemory&) = delete;

  std::byte* head() const { return base_; }
  std::byte* content() const { return base_ + kHeadBytes; }
  size_t most_content() const { return reserved_ - kHeadBytes; }
  size_t reserved() const { return reserved_; }
  // Borrowed.
  NativeHandle handle() const { return handle_.get(); }
  FrozenPlace place() const;

  // While it is built: the first `bytes` of content exist, zeroed. Not under the lock.
  absl::Status Extend(size_t bytes);
  // Best effort, before the freeze: huge pages under the content, for all processes.
  void Collapse();
  // The first `bytes` of content are what everybody sees from now on; writing to them faults. At
  // most once. After an error the memory is of no use. Not under the lock.
  absl::Status Freeze(size_t bytes);

  // --- once frozen

  // Best effort: this view's pages are mapped at once instead of when they are read.
  void Populate();
  // From here on this process may write to its view. Idempotent. ResourceExhausted where the system
  // charges for what might be written; then the view is as before. The lock is held.
  absl::Status MakeWritable();
  // From the private part; nullptr past the reservation or out of memory. The lock is held.
  void* AllocatePrivate(size_t bytes, size_t alignment);
  // Of content: bytes of the pages of which this process has a copy of its own. Any thread.
  absl::StatusOr<int64_t> CopiedBytes() const;

  // In a forked child, while it still holds the lock.
  static void RemakeAllInChild();

 private:
  FrozenMemory() = default;
  void Enlist();
  void RemakeInChild();
  int Protection() const;
  void ReservePrivatePart();
  std::byte* private_part() const { return content() + private_offset_; }
  size_t private_size() const { return most_content() - private_offset_; }

  Handle handle_;
  std::byte* base_ = nullptr;
  size_t reserved_ = 0;
  size_t frozen_ = 0;       // bytes; while it is built, those that exist
  bool is_mapped_ = true;   // Windows: not while another thread's memory lies there
  bool is_frozen_ = false;  // the rest under the lock
  bool writable_ = false;
  size_t private_offset_ = 0;
  size_t private_used_ = 0;
  size_t private_there_ = 0;
  FrozenMemory* next_ = nullptr;
  FrozenMemory* previous_ = nullptr;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_FROZEN_MEMORY_H_
