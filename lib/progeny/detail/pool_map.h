// One Map over a pool: elements are fed (pool_feed.h) and dealt out in chunks on the calling thread, and their outcomes gathered
// until that thread takes them.
#ifndef PROGENY_DETAIL_POOL_MAP_H_
#define PROGENY_DETAIL_POOL_MAP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "progeny/call.h"
#include "progeny/detail/pool_core.h"
#include "progeny/detail/pool_entry.h"

namespace progeny::detail {

struct MapOutcome {
  int64_t index = 0;
  absl::Status status;  // not OK: the element's outcome; else its value is encoded in
  size_t offset = 0;    // these bytes of the lot
  size_t size = 0;
  uint32_t count = 1;   // more: values of so many elements, flat, `size` bytes each
  int32_t lent = -1;    // not negative: these of the lent bytes instead
  bool placed = false;  // the values are where they belong already (FlatPlaces)
};

// Outcomes in the order in which they came.
struct MapLot {
  std::vector<MapOutcome> outcomes;
  std::vector<std::byte> bytes;
  std::vector<LentBytes> lent;  // to be let go of soon: a worker may wait for it
  int64_t elements = 0;

  absl::Span<const std::byte> BytesOf(const MapOutcome& outcome) const {
    const auto all = outcome.lent < 0 ? absl::MakeConstSpan(bytes) : lent[static_cast<size_t>(outcome.lent)].bytes;
    return all.subspan(outcome.offset, outcome.size * outcome.count);
  }
  // Keeps the memory for the next one.
  void Clear() {
    outcomes.clear();
    bytes.clear();
    lent.clear();
    elements = 0;
  }
};

// Calls `visit` for each element.
template <class Visit>
void ForEachElement(MapOutcome& outcome, Visit visit) {
  if (outcome.count == 1) return visit(outcome);
  for (uint32_t i = 0; i < outcome.count; ++i) {
    MapOutcome one{outcome.index + i, absl::OkStatus(), outcome.offset + i * outcome.size, outcome.size, 1, outcome.lent};
    visit(one);
  }
}

// Where flat values belong: written as they come, by whichever thread has them, instead of being gathered.
struct FlatPlaces {
  size_t value_bytes = 0;  // encoded; 0: nowhere
  int64_t count = 0;       // of the first so many elements
  std::function<void(int64_t count)> grow;  // by the caller's thread: that many exist from here on, where they will stay
  std::function<void(const std::byte* from, int64_t first, uint32_t count)> put;  // any thread; of those that exist
};

class MapOutcomes;  // an OutcomeSink

// One call of Map and its relatives, on the calling thread's side. Not thread-safe.
class MapRun {
 public:
  MapRun(std::shared_ptr<PoolCore> core, const MapOptions& options, CallRequest request);
  ~MapRun();  // drops what is queued
  MapRun(const MapRun&) = delete;
  MapRun& operator=(const MapRun&) = delete;

  static absl::Status Check(const PoolCore& core, const MapOptions& options);

  // Before anything is fed. What the functions refer to must outlive all that is fed.
  void PlaceInto(FlatPlaces places);

  struct Portion {
    int64_t elements = 0;  // 0: the window is full
    int64_t chunk = 0;     // that many of them are dealt out together
  };
  // What may be fed now, at once. `held`: outcomes taken that still count. `left`: elements to come, if
  // known. `flat_bytes`: of each element, where they are flat.
  Portion NextPortion(int64_t held, std::optional<int64_t> left, size_t flat_bytes) const;
  // A portion is better closed: what lies in it is large already.
  bool IsFull(size_t bytes) const;
  void Feed(Elements elements);
  // Of PoolCore::EnqueueInPlace.
  void FeedFlat(Elements elements, size_t size, absl::FunctionRef<void(std::byte* to)> write);
  // The outcome of an element that never left.
  void FeedStatus(int64_t index, absl::Status status);

  int64_t outstanding() const { return fed_ - taken_; }
  // Waits until outcomes of at least `count` elements are there, or an error is; `lot` is what was
  // taken last, and is reused.
  void Await(int64_t count, MapLot& lot);
  // Until about half of the window is free again, or there is a good deal to do.
  int64_t EnoughToRefill(bool more_to_come) const;
  void DropQueued();

  // For MapAsync: no more is fed; the run's outcomes go to the future. `assemble` makes its bytes.
  std::unique_ptr<FutureCore> IntoFuture(
      std::function<absl::StatusOr<std::vector<std::byte>>(MapLot)> assemble);

 private:
  // As many as take about the time that a chunk is to take.
  int64_t Chunk(std::optional<int64_t> left, size_t flat_bytes) const;

  const std::shared_ptr<PoolCore> core_;
  const int64_t chunk_size_;
  const int64_t window_;
  std::shared_ptr<MapOutcomes> outcomes_;
  std::function<void(int64_t)> grow_;
  std::shared_ptr<PoolWork> work_;
  const bool awaited_;
  bool drives_ = false;  // maybe, since it has fed (Elements::awaited)
  int64_t fed_ = 0;
  int64_t taken_ = 0;
  uint64_t fed_bytes_ = 0;
};

// One element's outcome, typed.
template <class R>
OutcomeOf<R> OutcomeFrom(const MapLot& lot, MapOutcome& outcome) {
  if (!outcome.status.ok()) return std::move(outcome.status);
  if constexpr (std::is_void_v<R>) {
    return absl::OkStatus();
  } else if constexpr (kFlatSize<R> > 0) {
    if (outcome.size != kFlatSize<R>) return absl::DataLossError("a pool's result has another size than its type");
    R value;
    GetFlat(lot.BytesOf(outcome).data(), value);
    return value;
  } else {
    return Decode<R>(lot.BytesOf(outcome));
  }
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_MAP_H_
