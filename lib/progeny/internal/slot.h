// The page that a parent shares with one child: what each has to tell the other without a pipe
// that could fill up. A child sees no sibling's slot.
//
// Answers (a result, or what failed) go through it: small ones in the page, large ones in the
// region's tail, so a child can always end and be joined before anybody asks for its answer.
// A child can be killed at any instruction: the answer is written first, then its length, then the
// word that says it is there; a parent reads it only when that word is set and the child has ended.
#ifndef PROGENY_INTERNAL_SLOT_H_
#define PROGENY_INTERNAL_SLOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/crash_report.h"
#include "platform/launch.h"
#include "platform/shared_region.h"

namespace progeny::internal {

inline constexpr size_t kSlotBytes = 4096;

class Slot {
 public:
  static absl::StatusOr<Slot> Create();
  explicit Slot(platform::SharedRegion region) : region_(std::move(region)) {}

  const platform::SharedRegion& region() const { return region_; }

  void RequestStop() { words().stop_requested.store(1, std::memory_order_release); }
  const std::atomic<uint32_t>& stop_word() const { return words().stop_requested; }
  bool stop_requested() const { return words().stop_requested.load(std::memory_order_acquire) != 0; }
  void NoteGuardReached() { words().guard_reached.store(1, std::memory_order_release); }
  bool guard_reached() const { return words().guard_reached.load(std::memory_order_acquire) != 0; }

  // In the child: from here on a crash is told in this slot. What an answer says wins the tail.
  absl::Status ArmCrashReport();
  // By the parent, once the child has ended.
  std::optional<platform::CrashFacts> ReadCrash() const;

  // Once the child has ended: for another one. False when somebody else may have it.
  bool Renew();

  // By the child, once.
  absl::Status WriteAnswer(absl::Span<const std::byte> answer);
  // By the parent, once the child has ended. NotFound if it gave none.
  absl::StatusOr<std::vector<std::byte>> ReadAnswer() const;

 private:
  struct Words {
    std::byte seam[platform::kSlotReserved];
    std::atomic<uint32_t> stop_requested;
    std::atomic<uint32_t> guard_reached;
    std::atomic<uint32_t> answered;
    uint64_t answer_size;
    std::byte small_answer[kSlotBytes - platform::kSlotReserved - 32 - platform::kCrashRecordBytes];
    alignas(8) std::byte crash[platform::kCrashRecordBytes];
  };
  static_assert(sizeof(Words) <= kSlotBytes);

  Words& words() const { return *reinterpret_cast<Words*>(region_.head()); }

  platform::SharedRegion region_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_SLOT_H_
