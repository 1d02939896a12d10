// One Map over a pool: elements are pulled, encoded and dealt out in chunks on the calling thread, and
// their outcomes gathered until that thread takes them.
#ifndef PROGENY_DETAIL_POOL_MAP_H_
#define PROGENY_DETAIL_POOL_MAP_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

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
};

// Outcomes in the order in which they came.
struct MapLot {
  std::vector<MapOutcome> outcomes;
  std::vector<std::byte> bytes;

  absl::Span<const std::byte> BytesOf(const MapOutcome& outcome) const {
    return absl::MakeConstSpan(bytes).subspan(outcome.offset, outcome.size);
  }
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

  // How many elements may be fed now, in one chunk; 0: the window is full. `held`: outcomes taken
  // that still count. `left`: elements to come, if known.
  int64_t NextChunk(int64_t held, std::optional<int64_t> left) const;
  // A chunk is better closed: what lies in it is large already.
  bool IsFull(size_t bytes) const;
  void Feed(Elements elements);
  // The outcome of an element that never left.
  void FeedStatus(int64_t index, absl::Status status);

  int64_t outstanding() const { return fed_ - taken_; }
  // Waits until at least `count` outcomes are there, or an error is.
  MapLot Await(int64_t count);
  // Until about half of the window is free again.
  int64_t EnoughToRefill(bool more_to_come) const;
  void DropQueued();

  // For MapAsync: no more is fed; the run's outcomes go to the future. `assemble` makes its bytes.
  std::unique_ptr<FutureCore> IntoFuture(
      std::function<absl::StatusOr<std::vector<std::byte>>(MapLot)> assemble);

 private:
  const std::shared_ptr<PoolCore> core_;
  const int64_t chunk_size_;
  const int64_t window_;
  std::shared_ptr<MapOutcomes> outcomes_;
  std::shared_ptr<PoolWork> work_;
  int64_t fed_ = 0;
  int64_t taken_ = 0;
  uint64_t fed_bytes_ = 0;
};

// How an element becomes arguments: as one, or as a tuple of them.
template <class F, class Parameters, class... A>
struct MappedCall {
  static constexpr bool Ok() { return CheckCall<true, F, A...>(); }
  using Result = AnswerOf<F, A...>;
  static const PoolEntryNode* node() {
    return &PoolEntry<F, typename CallSignature<F, A...>::Parameters>::node;
  }
  static absl::Status Encode(Elements& out, A... arguments) {
    return ArgumentEncoder<typename CallSignature<F, A...>::Parameters, A...>::Encode(
        out.bytes, out.kept, std::forward<A>(arguments)...);
  }
};

template <class F, class Reference>
struct WholeElement : MappedCall<F, void, Reference&&> {
  static absl::Status EncodeElement(Elements& out, Reference&& element) {
    return WholeElement::Encode(out, std::forward<Reference>(element));
  }
};

template <class Reference, size_t I>
using PartOf = decltype(std::get<I>(std::declval<Reference&&>()));
template <class F, class Reference, class Indices>
struct TupleElementOf;
template <class F, class Reference, size_t... I>
struct TupleElementOf<F, Reference, std::index_sequence<I...>>
    : MappedCall<F, void, PartOf<Reference, I>...> {
  static absl::Status EncodeElement(Elements& out, Reference&& element) {
    return TupleElementOf::Encode(out, std::get<I>(std::forward<Reference>(element))...);
  }
};
template <class F, class Reference>
struct TupleElement
    : TupleElementOf<F, Reference,
                     std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Reference>>>> {};

template <template <class, class> class How, class F, class Range>
using MappingOf = How<F, std::ranges::range_reference_t<Range>>;

// Pulls a range into a run. The range must live as long.
template <class Mapping, class Range>
class Feeder {
 public:
  explicit Feeder(Range& range) : at_(std::ranges::begin(range)), end_(std::ranges::end(range)) {
    if constexpr (std::ranges::sized_range<Range>) {
      total_ = static_cast<int64_t>(std::ranges::size(range));
    }
  }

  bool ended() const { return ended_; }
  std::optional<int64_t> total() const { return total_; }

  // Feeds until the window is full or the range has ended. An error is what the range has thrown:
  // then it has ended, and what came before it was fed.
  absl::Status FeedWindow(MapRun& run, int64_t held) {
    while (!ended_) {
      std::optional<int64_t> left;
      if (total_) left = std::max<int64_t>(*total_ - next_index_, 0);
      const int64_t chunk = run.NextChunk(held, left);
      if (chunk == 0) break;
      absl::Status status = FeedChunk(run, chunk);
      if (!status.ok()) {
        ended_ = true;
        return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status FeedChunk(MapRun& run, int64_t most) {
    Elements chunk;
    chunk.first_index = next_index_;
    absl::Status status = RunUserCode([&] {
      while (chunk.count < most && !run.IsFull(chunk.bytes.size())) {
        if (advance_) ++at_;
        advance_ = false;
        if (at_ == end_) {
          ended_ = true;
          return;
        }
        AddElement(run, chunk);
      }
    });
    if (chunk.count > 0) run.Feed(std::move(chunk));
    return status;
  }

  void AddElement(MapRun& run, Elements& chunk) {
    const size_t begin = BeginElement(chunk.bytes);
    absl::Status encoded = Mapping::EncodeElement(chunk, *at_);
    advance_ = true;
    const int64_t index = next_index_++;
    if (encoded.ok()) {
      EndElement(chunk.bytes, begin);
      ++chunk.count;
      return;
    }
    chunk.bytes.resize(begin);
    if (chunk.count > 0) run.Feed(std::exchange(chunk, Elements{}));
    chunk.first_index = index + 1;
    run.FeedStatus(index, std::move(encoded));
  }

  std::ranges::iterator_t<Range> at_;
  std::ranges::sentinel_t<Range> end_;
  std::optional<int64_t> total_;
  int64_t next_index_ = 0;
  bool advance_ = false;  // at_ has been used: only the next pull moves it on
  bool ended_ = false;
};

// One element's outcome, typed.
template <class R>
OutcomeOf<R> OutcomeFrom(const MapLot& lot, MapOutcome& outcome) {
  if (!outcome.status.ok()) return std::move(outcome.status);
  if constexpr (std::is_void_v<R>) {
    return absl::OkStatus();
  } else {
    return Decode<R>(lot.BytesOf(outcome));
  }
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_MAP_H_
