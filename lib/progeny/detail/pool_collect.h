// All values of a Map, gathered.
#ifndef PROGENY_DETAIL_POOL_COLLECT_H_
#define PROGENY_DETAIL_POOL_COLLECT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "progeny/detail/flat.h"
#include "progeny/detail/pool_map.h"

namespace progeny::detail {

// All values, or a status; where there are no values, a status.
template <class R>
struct AllTraits {
  using Values = std::vector<R>;
};
template <>
struct AllTraits<void> {
  using Values = void;
};
template <class R>
using AllOf = OutcomeOf<typename AllTraits<R>::Values>;

// Values by index, as they come; a value that can't be decoded becomes its element's error.
template <class R>
class Collector {
 public:
  void Take(MapLot& lot, MapOutcome& outcome) {
    if constexpr (!std::is_void_v<R>) {
      const auto at = static_cast<size_t>(outcome.index);
      seen_ = std::max(seen_, at + outcome.count);
      if (outcome.placed) return;
      if (placed_ > 0 && at + outcome.count > placed_) return TakeBeyond(lot, outcome);
      if (values_.size() < at + outcome.count) values_.resize(at + outcome.count);
      if constexpr (kFlatSize<R> > 0 && !std::is_same_v<R, bool>) {
        if (outcome.size == kFlatSize<R>) return TakeFlat(lot.BytesOf(outcome).data(), &values_[at], outcome.count);
      }
      ForEachElement(outcome, [&](MapOutcome& one) {
        absl::StatusOr<R> value = OutcomeFrom<R>(lot, one);
        if (!value.ok()) return NoteError(one.index, value.status());
        values_[static_cast<size_t>(one.index)] = *std::move(value);
      });
    }
  }
  // A range may say that it holds more than there is memory for, and fail at its first element.
  void Expect(uint64_t total) { values_.reserve(static_cast<size_t>(std::min(total, kMostExpected))); }
  // For those that Expect has found room for, if these are all: so they stay where they are.
  FlatPlaces Places(uint64_t total) {
    if constexpr (!std::is_void_v<R> && !std::is_same_v<R, bool>) {
      if constexpr (kFlatSize<R> > 0) {
        if (total == 0 || total > values_.capacity()) return {};
        placed_ = static_cast<size_t>(total);
        return {.value_bytes = kFlatSize<R>,
                .count = static_cast<int64_t>(total),
                .grow = [this](int64_t count) {
                  const size_t end = std::min(static_cast<size_t>(count), placed_);
                  if (values_.size() < end) values_.resize(end);
                },
                .put = [this](const std::byte* from, int64_t first,
                              uint32_t count) { TakeFlat(from, values_.data() + first, count); }};
      }
    }
    return {};
  }
  void NoteError(int64_t index, absl::Status status) {
    if (!error_.ok() && index >= error_index_) return;
    error_ = std::move(status);
    error_index_ = index;
  }
  AllOf<R> Finish() {
    if (!error_.ok()) return std::move(error_);
    if constexpr (std::is_void_v<R>) {
      return absl::OkStatus();
    } else {
      values_.resize(seen_);
      for (auto& [index, value] : beyond_) values_[index] = std::move(value);
      return std::move(values_);
    }
  }

 private:
  static constexpr uint64_t kMostExpected = 1 << 20;

  template <class T>
  static void TakeFlat(const std::byte* from, T* to, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) from = GetFlat(from, to[i]);
  }

  // Of a range that holds more than it has said; to make room there would move what is being written to.
  void TakeBeyond(MapLot& lot, MapOutcome& outcome) {
    ForEachElement(outcome, [&](MapOutcome& one) {
      absl::StatusOr<R> value = OutcomeFrom<R>(lot, one);
      if (!value.ok()) return NoteError(one.index, value.status());
      beyond_.emplace_back(static_cast<size_t>(one.index), *std::move(value));
    });
  }

  using Value = std::conditional_t<std::is_void_v<R>, char, R>;
  std::vector<Value> values_;  // none of void
  std::vector<std::pair<size_t, Value>> beyond_;
  size_t placed_ = 0;
  size_t seen_ = 0;
  absl::Status error_;
  int64_t error_index_ = 0;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_COLLECT_H_
