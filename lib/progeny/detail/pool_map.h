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
  // Of PoolCore::EnqueueFlat.
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
  int64_t fed_ = 0;
  int64_t taken_ = 0;
  uint64_t fed_bytes_ = 0;
};

// How an element becomes arguments: as one, or as a tuple of them.
template <class F, class Parameters, class... A>
struct MappedCall {
  static constexpr bool Ok() { return CheckCall<true, F, A...>(); }
  using Result = AnswerOf<F, A...>;
  using Encoder = ArgumentEncoder<typename CallSignature<F, A...>::Parameters, A...>;
  static const PoolEntryNode* node() {
    return &PoolEntry<F, typename CallSignature<F, A...>::Parameters>::node;
  }
  static constexpr size_t FlatBytes() { return kShapeFor<F, A...>.argument_bytes; }
  // So many bytes become room for flat elements at once: the vector grows by many of them.
  static constexpr size_t kFlatRoom = 4096;
  // Appends one element; a flat one behind the `count` that there are, whatever room is there.
  static absl::Status Encode(Elements& out, A... arguments) {
    if constexpr (FlatBytes() > 0) {
      const size_t at = out.count * FlatBytes();
      if (out.bytes.size() - at < FlatBytes()) out.bytes.resize(at + std::max(FlatBytes(), kFlatRoom));
      Encoder::EncodeFlat(out.bytes.data() + at, std::forward<A>(arguments)...);
      return absl::OkStatus();
    } else {
      const size_t begin = BeginElement(out.bytes);
      absl::Status status = Encoder::Encode(out.bytes, out.kept, std::forward<A>(arguments)...);
      if (status.ok()) {
        EndElement(out.bytes, begin);
      } else {
        out.bytes.resize(begin);
      }
      return status;
    }
  }
};

template <class F, class Reference>
struct WholeElement : MappedCall<F, void, Reference&&> {
  static absl::Status EncodeElement(Elements& out, Reference&& element) {
    return WholeElement::Encode(out, std::forward<Reference>(element));
  }
  static void EncodeFlatElement(std::byte* to, Reference&& element) {
    WholeElement::Encoder::EncodeFlat(to, std::forward<Reference>(element));
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
  static void EncodeFlatElement(std::byte* to, Reference&& element) {
    TupleElementOf::Encoder::EncodeFlat(to, std::get<I>(std::forward<Reference>(element))...);
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
      const MapRun::Portion portion = run.NextPortion(held, left, Mapping::FlatBytes());
      if (portion.elements == 0) break;
      absl::Status status = kIsRow ? FeedRow(run, portion) : FeedPortion(run, portion);
      if (!status.ok()) {
        ended_ = true;
        return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr size_t kFirstRoom = 4 << 20;
  // Flat elements that lie in memory: to pull and encode them runs no code of anybody's.
  static constexpr bool kIsRow = Mapping::FlatBytes() > 0 && std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range>;

  absl::Status FeedRow(MapRun& run, const MapRun::Portion& portion) {
    if constexpr (kIsRow) {
      Elements elements = Begin(portion);
      const int64_t count = std::min<int64_t>(portion.elements, end_ - at_);
      elements.count = static_cast<uint32_t>(count);
      ended_ = count == 0;
      if (ended_) return absl::OkStatus();
      const auto write = [from = std::to_address(at_), count](std::byte* to) {
        for (int64_t i = 0; i < count; ++i, to += Mapping::FlatBytes()) Mapping::EncodeFlatElement(to, from[i]);
      };
      absl::Status status = RunUserCode([&] { run.FeedFlat(std::move(elements), static_cast<size_t>(count) * Mapping::FlatBytes(), write); });
      at_ += count;
      next_index_ += count;
      return status;
    }
    return absl::InternalError("no row");
  }

  Elements Begin(const MapRun::Portion& portion) const {
    Elements elements;
    elements.first_index = next_index_;
    elements.chunk = static_cast<uint32_t>(portion.chunk);
    elements.flat = Mapping::FlatBytes() > 0;
    // The range may hold far less than a portion, whatever it says.
    int64_t most = portion.elements;
    if (total_) most = std::clamp<int64_t>(*total_ - next_index_, 0, most);
    if (elements.flat && !kIsRow) {
      elements.bytes.reserve(std::min(static_cast<size_t>(most) * Mapping::FlatBytes() + Mapping::kFlatRoom, kFirstRoom));
    }
    return elements;
  }

  // Without the room that no flat element has taken.
  static void FeedTo(MapRun& run, Elements elements) {
    if (elements.count == 0) return;
    if (elements.flat) elements.bytes.resize(elements.count * Mapping::FlatBytes());
    run.Feed(std::move(elements));
  }

  // Handles belong to one chunk: it is fed alone.
  absl::Status FeedPortion(MapRun& run, const MapRun::Portion& portion) {
    Elements elements = Begin(portion);
    absl::Status status = RunUserCode([&] {
      int64_t left = portion.elements;
      while (left > 0 && (Mapping::FlatBytes() > 0 || !run.IsFull(elements.bytes.size()))) {
        if (elements.count == portion.chunk && !elements.kept.owned().empty()) return;
        if (advance_) ++at_;
        advance_ = false;
        if (at_ == end_) {
          ended_ = true;
          return;
        }
        AddElement(run, elements, portion);
        --left;
      }
    });
    FeedTo(run, std::move(elements));
    return status;
  }

  void AddElement(MapRun& run, Elements& elements, const MapRun::Portion& portion) {
    absl::Status encoded = Mapping::EncodeElement(elements, *at_);
    advance_ = true;
    ++next_index_;
    if (encoded.ok()) {
      ++elements.count;
      return;
    }
    const int64_t failed = next_index_ - 1;
    FeedTo(run, std::move(elements));
    elements = Begin(portion);
    run.FeedStatus(failed, std::move(encoded));
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
