// WaitOnAddress works within one process only, so the sleeper waits for an event. The event resets by
// itself: a wake that comes when nobody sleeps any more makes the next sleep end early, which the
// contract allows.
#include "platform/shared_word.h"

#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

uint32_t CpuPlusOne() { return GetCurrentProcessorNumber() + 1; }

}  // namespace

absl::StatusOr<SharedWord> SharedWord::Create(SharedWordStorage* storage) {
  Handle event(FromHandle(CreateEventW(nullptr, FALSE, FALSE, nullptr)));
  if (!event.valid()) return LastOsError("create an event", "");
  return SharedWord(storage, std::move(event));
}

void SharedWord::Sleep(uint32_t ticket, Deadline deadline) {
  if (storage_->ticket.load(std::memory_order_seq_cst) != ticket) return;
  WaitForSingleObject(ToHandle(handle_.get()), static_cast<DWORD>(deadline.RemainingMilliseconds()));
}

void SharedWord::WakeSleeper() {
  storage_->ticket.fetch_add(1, std::memory_order_seq_cst);
  SetEvent(ToHandle(handle_.get()));
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
