// __ulock_wait with UL_COMPARE_AND_WAIT_SHARED, which the system's own libraries use and no header
// declares (os_sync_wait_on_address, which one does, exists from macOS 14.4 on only); where it refuses,
// the sleeper naps.
#include "platform/shared_word.h"

#include <time.h>

#include <algorithm>
#include <cerrno>

extern "C" {
int __ulock_wait(uint32_t operation, void* address, uint64_t value, uint32_t timeout_us);
int __ulock_wake(uint32_t operation, void* address, uint64_t wake_value);
}

namespace progeny::platform {
namespace {

constexpr uint32_t kCompareAndWaitShared = 3;  // UL_COMPARE_AND_WAIT_SHARED
constexpr uint32_t kWakeAll = 0x00000100;      // ULF_WAKE_ALL
constexpr uint32_t kNoErrno = 0x01000000;      // ULF_NO_ERRNO: the error is the result, negated

constexpr int64_t kLongestSleepUs = 100'000;   // then the caller looks again by itself
constexpr long kNapNs = 200'000;

}  // namespace

absl::StatusOr<SharedWord> SharedWord::Create(SharedWordStorage* storage) {
  return SharedWord(storage, Handle());
}

void SharedWord::Sleep(uint32_t ticket, Deadline deadline) {
  int64_t left_us = kLongestSleepUs;
  if (!deadline.infinite()) {
    left_us = std::min(left_us, absl::ToInt64Microseconds(deadline.Remaining()) + 1);
  }
  const int result = __ulock_wait(kCompareAndWaitShared | kNoErrno, &storage_->ticket, ticket,
                                  static_cast<uint32_t>(std::max<int64_t>(left_us, 1)));
  if (result >= 0 || result == -ETIMEDOUT || result == -EINTR) return;
  const timespec nap{0, kNapNs};
  nanosleep(&nap, nullptr);
}

void SharedWord::WakeSleeper() {
  storage_->ticket.fetch_add(1, std::memory_order_seq_cst);
  __ulock_wake(kCompareAndWaitShared | kWakeAll | kNoErrno, &storage_->ticket, 0);
}

// No call tells the CPU on every Mac: nobody spins.
void SharedWord::NoteCpu() {}
bool SharedWord::PeerRunsElsewhere() const { return false; }

}  // namespace progeny::platform
