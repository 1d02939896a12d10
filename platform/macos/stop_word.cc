// os_sync_wait_on_address came with macOS 14.4 and is in no older SDK, so it is looked for at run
// time. A value that has changed already is a success at once; a wake-up without cause is allowed.
#include "platform/stop_word.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "absl/time/time.h"
#include "platform/posix/stop_word.h"

namespace progeny::platform {
namespace {

constexpr uint32_t kShared = 1;       // OS_SYNC_WAIT_ON_ADDRESS_SHARED, and the same for waking
constexpr uint32_t kAbsoluteClock = 32;  // OS_CLOCK_MACH_ABSOLUTE_TIME
constexpr absl::Duration kLook = absl::Milliseconds(10);

using Wait = int(void* address, uint64_t value, size_t size, uint32_t flags, uint32_t clock,
                 uint64_t nanoseconds);
using Wake = int(void* address, size_t size, uint32_t flags);

template <class Function>
Function* Find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

void* AddressOf(const std::atomic<uint32_t>& word) {
  return const_cast<std::atomic<uint32_t>*>(&word);
}

}  // namespace

bool AwaitStopWord(const std::atomic<uint32_t>& word, Deadline deadline) {
  static Wait* const wait = Find<Wait>("os_sync_wait_on_address_with_timeout");
  while (word.load(std::memory_order_acquire) == 0) {
    if (deadline.passed()) return false;
    const absl::Duration longest = wait != nullptr ? absl::Hours(1) : kLook;
    const absl::Duration left = std::min(deadline.Remaining(), longest);
    const auto nanoseconds = static_cast<uint64_t>(std::max<int64_t>(1, absl::ToInt64Nanoseconds(left)));
    if (wait != nullptr) {
      wait(AddressOf(word), 0, sizeof(uint32_t), kShared, kAbsoluteClock, nanoseconds);
    } else {
      usleep(static_cast<useconds_t>(nanoseconds / 1000));
    }
  }
  return true;
}

void WakeStopWaiters(const std::atomic<uint32_t>& word) {
  static Wake* const wake = Find<Wake>("os_sync_wake_by_address_all");
  if (wake != nullptr) wake(AddressOf(word), sizeof(uint32_t), kShared);
}

}  // namespace progeny::platform
