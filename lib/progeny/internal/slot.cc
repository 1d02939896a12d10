#include "progeny/internal/slot.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "platform/fork_server.h"

namespace progeny::internal {

absl::StatusOr<Slot> Slot::Create() {
  absl::StatusOr<platform::SharedRegion> region = platform::SharedRegion::Create(kSlotBytes);
  if (!region.ok()) return region.status();
  return Slot(*std::move(region));
}

absl::Status Slot::ArmCrashReport() {
  return platform::ArmCrashReport({words().crash, &region_, &words().answered});
}

std::optional<platform::CrashFacts> Slot::ReadCrash() const {
  return platform::ReadCrashRecord(words().crash,
                                   [this](size_t size) { return region_.ReadTail(size); });
}

bool Slot::Renew() {
  if (!platform::SlotIsFree(region_)) return false;
  region_.ReleaseTail();
  std::memset(static_cast<void*>(region_.head()), 0, kSlotBytes);
  return true;
}

absl::Status Slot::WriteAnswer(absl::Span<const std::byte> answer) {
  Words& page = words();
  if (answer.size() <= sizeof page.small_answer) {
    if (!answer.empty()) std::memcpy(page.small_answer, answer.data(), answer.size());
  } else if (absl::Status written = region_.WriteTail(answer); !written.ok()) {
    return written;
  }
  page.answer_size = answer.size();
  page.answered.store(1, std::memory_order_release);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::byte>> Slot::ReadAnswer() const {
  const Words& page = words();
  if (page.answered.load(std::memory_order_acquire) == 0) {
    return absl::NotFoundError("the child gave no answer");
  }
  const uint64_t size = page.answer_size;
  if (size > sizeof page.small_answer) return region_.ReadTail(size);
  return std::vector<std::byte>(page.small_answer, page.small_answer + size);
}

}  // namespace progeny::internal
