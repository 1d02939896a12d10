// The loops of Map, MapEach, MapAsync and IMap: feed, take outcomes, feed again.
#ifndef PROGENY_DETAIL_POOL_RUN_H_
#define PROGENY_DETAIL_POOL_RUN_H_

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/detail/pool_collect.h"
#include "progeny/detail/pool_feed.h"
#include "progeny/detail/pool_map.h"

namespace progeny::detail {

template <class F>
absl::StatusOr<CallRequest> RequestFor(const PoolEntryNode* node, const F& callable) {
  CallRequest request;
  request.node = node;
  request.has_state = !kIsStateless<F>;
  if (absl::Status encoded = EncodeState(request.state, request.kept, callable); !encoded.ok()) return encoded;
  return request;
}

enum class AfterError { kGoOn, kStop };

// Calls `on_outcome` for every element's outcome, or for that of several, on this thread. kStop: the first error drops what is queued and
// is returned, of those seen the one that stands first in the range. What the range or on_progress
// throws ends the call in either case.
template <class Mapping, class F, class Range>
absl::Status RunMap(const std::shared_ptr<PoolCore>& core, const MapOptions& options, const F& callable,
                    Range& range, AfterError after_error,
                    absl::FunctionRef<void(MapLot&, MapOutcome&)> on_outcome, FlatPlaces places = {}) {
  if (absl::Status checked = MapRun::Check(*core, options); !checked.ok()) return checked;
  absl::StatusOr<CallRequest> request = RequestFor(Mapping::node(), callable);
  if (!request.ok()) return request.status();
  std::optional<Feeder<Mapping, Range>> feeder;
  absl::Status status = RunUserCode([&] { feeder.emplace(range); });
  if (!status.ok()) return status;
  request->patient = !options.on_progress;
  request->awaited = true;
  MapRun run(core, options, *std::move(request));
  if (places.value_bytes > 0) run.PlaceInto(std::move(places));
  MapLot lot;
  Progress progress{.total = feeder->total()};
  int64_t failed_index = std::numeric_limits<int64_t>::max();
  const auto end_with = [&](absl::Status reason) {
    if (status.ok()) run.DropQueued();
    status = std::move(reason);
  };
  while (true) {
    if (status.ok()) {
      if (absl::Status fed = feeder->FeedWindow(run, 0); !fed.ok()) end_with(std::move(fed));
    }
    if (run.outstanding() == 0 && (feeder->ended() || !status.ok())) return status;
    run.Await(options.on_progress ? 1 : run.EnoughToRefill(!feeder->ended() && status.ok()), lot);
    const bool dropped = !status.ok();
    for (MapOutcome& outcome : lot.outcomes) {
      progress.done += outcome.count;
      if (outcome.status.ok()) {
        on_outcome(lot, outcome);
      } else {
        ++progress.failed;
        // Once the rest has been dropped, Cancelled is what dropping makes of an element.
        const bool counts = !dropped || (failed_index != std::numeric_limits<int64_t>::max() &&
                                         !absl::IsCancelled(outcome.status));
        if (after_error == AfterError::kGoOn) {
          on_outcome(lot, outcome);
        } else if (counts && outcome.index < failed_index) {
          failed_index = outcome.index;
          end_with(outcome.status);
        }
      }
    }
    lot.Clear();
    if (options.on_progress && status.ok()) {
      absl::Status shown = RunUserCode([&] { options.on_progress(progress); });
      if (!shown.ok()) end_with(std::move(shown));
    }
  }
}

template <class Mapping, class F, class Range>
AllOf<typename Mapping::Result> MapAll(const std::shared_ptr<PoolCore>& core, const MapOptions& options,
                                       const F& callable, Range& range) {
  Collector<typename Mapping::Result> values;
  FlatPlaces places;
  if constexpr (std::ranges::sized_range<Range>) {
    const auto total = static_cast<uint64_t>(std::ranges::size(range));
    values.Expect(total);
    places = values.Places(total);
  }
  absl::Status status =
      RunMap<Mapping>(core, options, callable, range, AfterError::kStop,
                      [&](MapLot& lot, MapOutcome& outcome) { values.Take(lot, outcome); }, std::move(places));
  if (!status.ok()) return status;
  return values.Finish();
}

template <class Mapping, class F, class Range>
absl::StatusOr<std::vector<OutcomeOf<typename Mapping::Result>>> MapEachOf(
    const std::shared_ptr<PoolCore>& core, const MapOptions& options, const F& callable, Range& range) {
  using Outcome = OutcomeOf<typename Mapping::Result>;
  std::vector<Outcome> outcomes;
  absl::Status status = RunMap<Mapping>(
      core, options, callable, range, AfterError::kGoOn, [&](MapLot& lot, MapOutcome& outcome) {
        const auto end = static_cast<size_t>(outcome.index) + outcome.count;
        while (outcomes.size() < end) outcomes.push_back(absl::UnknownError("no outcome"));
        ForEachElement(outcome, [&](MapOutcome& one) {
          outcomes[static_cast<size_t>(one.index)] = OutcomeFrom<typename Mapping::Result>(lot, one);
        });
      });
  if (!status.ok()) return status;
  return outcomes;
}

// The bytes of all values, for a future that decodes them again.
template <class R>
absl::StatusOr<std::vector<std::byte>> AssembleAll(MapLot lot) {
  Collector<R> values;
  for (MapOutcome& outcome : lot.outcomes) {
    if (outcome.status.ok()) {
      values.Take(lot, outcome);
    } else if (!absl::IsCancelled(outcome.status)) {
      values.NoteError(outcome.index, outcome.status);
    }
  }
  AllOf<R> all = values.Finish();
  for (MapOutcome& outcome : lot.outcomes) {  // only what was dropped has failed: the call was cancelled
    if (all.ok() && !outcome.status.ok()) return outcome.status;
  }
  if constexpr (std::is_void_v<R>) {
    if (!all.ok()) return all;
    return std::vector<std::byte>();
  } else {
    if (!all.ok()) return all.status();
    return Encode(*all);
  }
}

template <class Mapping, class F, class Range>
std::unique_ptr<FutureCore> MapLater(const std::shared_ptr<PoolCore>& core, MapOptions options,
                                     const F& callable, Range& range) {
  absl::Status status = MapRun::Check(*core, options);
  absl::StatusOr<CallRequest> request = RequestFor(Mapping::node(), callable);
  status.Update(request.status());
  if (!status.ok()) return SubmitToPool(core, nullptr, status);
  options.window = std::numeric_limits<int64_t>::max();
  request->patient = !options.on_progress;
  MapRun run(core, options, *std::move(request));
  absl::Status fed;
  status = RunUserCode([&] { fed = Feeder<Mapping, Range>(range).FeedWindow(run, 0); });
  status.Update(fed);
  if (!status.ok()) return SubmitToPool(core, nullptr, status);
  return run.IntoFuture(&AssembleAll<typename Mapping::Result>);
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_RUN_H_
