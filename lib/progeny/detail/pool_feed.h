// How a range's elements become a Map's: pulled and encoded on the calling thread.
#ifndef PROGENY_DETAIL_POOL_FEED_H_
#define PROGENY_DETAIL_POOL_FEED_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "progeny/call.h"
#include "progeny/detail/pool_core.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/detail/pool_map.h"

namespace progeny::detail {

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
      absl::Status status = FeedNext(run, portion);
      if (!status.ok()) {
        ended_ = true;
        return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  static constexpr size_t kFirstRoom = 4 << 20;
  // Flat elements that lie in memory: to encode them runs no code of anybody's.
  static constexpr bool kIsRow = [] {
    if constexpr (Mapping::FlatBytes() > 0 && std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range>) {
      return Mapping::Encoder::kConvertsNothing;
    }
    return false;
  }();

  // All of them are one block of bytes, as they lie there.
  static constexpr bool kIsBlock = Mapping::Encoder::kTakesAsIs && kIsItsEncoding<std::ranges::range_value_t<Range>> &&
                                   Mapping::FlatBytes() == sizeof(std::ranges::range_value_t<Range>);

  absl::Status FeedNext(MapRun& run, const MapRun::Portion& portion) {
    if constexpr (kIsRow) {
      return RunUserCode([&] { FeedRow(run, portion); });
    } else {
      return FeedPortion(run, portion);
    }
  }

  void FeedRow(MapRun& run, const MapRun::Portion& portion) {
    Elements elements = Begin(portion);
    const int64_t count = std::min<int64_t>(portion.elements, end_ - at_);
    ended_ = count == 0;
    if (ended_) return;
    elements.count = static_cast<uint32_t>(count);
    const auto write = [from = std::to_address(at_), count](std::byte* to) {
      if constexpr (kIsBlock) return (void)std::memcpy(to, from, static_cast<size_t>(count) * sizeof *from);
      for (int64_t i = 0; i < count; ++i, to += Mapping::FlatBytes()) Mapping::EncodeFlatElement(to, from[i]);
    };
    run.FeedFlat(std::move(elements), static_cast<size_t>(count) * Mapping::FlatBytes(), write);
    at_ += count;
    next_index_ += count;
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
      const size_t bytes = static_cast<size_t>(most) * Mapping::FlatBytes() + Mapping::kFlatRoom;
      elements.bytes.reserve(std::min(bytes, kFirstRoom));
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

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_FEED_H_
