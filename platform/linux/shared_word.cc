#include "platform/shared_word.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>

namespace progeny::platform {
namespace {

// Without FUTEX_PRIVATE_FLAG: the sleeper is found by the page, not by the address.
long Futex(std::atomic<uint32_t>& word, int operation, uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), operation, value, timeout, nullptr,
                 0);
}

uint32_t CpuPlusOne() { return static_cast<uint32_t>(sched_getcpu() + 1); }

}  // namespace

absl::StatusOr<SharedWord> SharedWord::Create(SharedWordStorage* storage) {
  return SharedWord(storage, Handle());
}

void SharedWord::Sleep(uint32_t ticket, Deadline deadline) {
  if (deadline.infinite()) {
    Futex(storage_->ticket, FUTEX_WAIT, ticket, nullptr);
    return;
  }
  const timespec timeout = absl::ToTimespec(deadline.Remaining());
  Futex(storage_->ticket, FUTEX_WAIT, ticket, &timeout);
}

void SharedWord::WakeSleeper() {
  storage_->ticket.fetch_add(1, std::memory_order_seq_cst);
  Futex(storage_->ticket, FUTEX_WAKE, INT_MAX, nullptr);
}

// Wakers look at this line after each message: it stays in their caches as long as nothing changes.
void SharedWord::NoteCpu() {
  const uint32_t now = CpuPlusOne();
  if (storage_->cpu.load(std::memory_order_relaxed) != now) storage_->cpu.store(now, std::memory_order_relaxed);
}

bool SharedWord::PeerRunsElsewhere() const {
  const uint32_t peer = storage_->cpu.load(std::memory_order_relaxed);
  return peer != 0 && peer != CpuPlusOne();
}

}  // namespace progeny::platform
