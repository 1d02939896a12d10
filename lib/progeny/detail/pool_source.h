// Where a MappedRange's elements come from.
#ifndef PROGENY_DETAIL_POOL_SOURCE_H_
#define PROGENY_DETAIL_POOL_SOURCE_H_

#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

#include "progeny/detail/pool_run.h"
#include "progeny/mapped_range.h"

namespace progeny::detail {

enum class OutcomeOrder { kOfInput, kAsFinished };

// Owns a range that was an rvalue, refers to one that was an lvalue.
template <class Range>
class HeldRange {
 public:
  explicit HeldRange(Range&& range) {
    if constexpr (std::is_lvalue_reference_v<Range>) {
      held_ = &range;
    } else {
      held_.emplace(std::forward<Range>(range));
    }
  }
  auto begin() { return std::ranges::begin(*held_); }
  auto end() { return std::ranges::end(*held_); }
  auto size() requires std::ranges::sized_range<Range> { return std::ranges::size(*held_); }

 private:
  std::conditional_t<std::is_lvalue_reference_v<Range>, std::remove_reference_t<Range>*,
                     std::optional<std::remove_reference_t<Range>>>
      held_{};
};

// `Range` is a HeldRange.
template <class Mapping, class F, class Range>
class MapSource final : public OutcomeSource<typename Mapping::Result> {
 public:
  using Outcome = OutcomeOf<typename Mapping::Result>;

  MapSource(std::shared_ptr<PoolCore> core, MapOptions options, const F& callable, Range range,
            OutcomeOrder order)
      : options_(std::move(options)), range_(std::move(range)), order_(order) {
    error_ = MapRun::Check(*core, options_);
    absl::StatusOr<CallRequest> request = RequestFor(Mapping::node(), callable);
    error_.Update(request.status());
    if (error_.ok()) error_ = RunUserCode([&] { feeder_.emplace(range_); });
    if (error_.ok()) run_.emplace(std::move(core), options_, *std::move(request));
    progress_.total = feeder_ ? feeder_->total() : std::nullopt;
  }

  std::optional<Outcome> Next() override {
    while (true) {
      // An error of the source comes last, after what was pulled before it.
      if (run_ && error_.ok()) error_ = feeder_->FeedWindow(*run_, static_cast<int64_t>(held_.size()));
      if (NextIsHeld()) return TakeHeld();
      if (!run_ || run_->outstanding() == 0) break;
      run_->Await(1, lot_);
      Hold();
      if (!ShowProgress()) break;
    }
    if (error_.ok() || told_) return std::nullopt;
    told_ = true;
    return Outcome(error_);
  }

 private:
  bool NextIsHeld() const {
    return !held_.empty() && (order_ != OutcomeOrder::kOfInput || held_.begin()->first == next_);
  }

  Outcome TakeHeld() {
    auto first = held_.extract(held_.begin());
    ++next_;
    return std::move(first.mapped());
  }

  void Hold() {
    for (MapOutcome& outcome : lot_.outcomes) {
      progress_.done += outcome.count;
      if (!outcome.status.ok()) ++progress_.failed;
      ForEachElement(outcome, [&](MapOutcome& one) {
        const int64_t key = order_ == OutcomeOrder::kOfInput ? one.index : arrived_++;
        held_.emplace(key, OutcomeFrom<typename Mapping::Result>(lot_, one));
      });
    }
    lot_.Clear();
  }

  // False when on_progress has thrown: then that is the end.
  bool ShowProgress() {
    if (!options_.on_progress) return true;
    absl::Status shown = RunUserCode([&] { options_.on_progress(progress_); });
    if (shown.ok()) return true;
    error_ = std::move(shown);
    run_.reset();
    held_.clear();
    return false;
  }

  const MapOptions options_;
  Range range_;
  const OutcomeOrder order_;
  absl::Status error_;
  bool told_ = false;
  std::optional<Feeder<Mapping, Range>> feeder_;
  std::optional<MapRun> run_;
  MapLot lot_;
  std::map<int64_t, Outcome> held_;
  int64_t next_ = 0;
  int64_t arrived_ = 0;
  Progress progress_;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_SOURCE_H_
