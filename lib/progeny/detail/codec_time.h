// How the times and dates of std::chrono travel. Abseil's are in codec_absl.h.
#ifndef PROGENY_DETAIL_CODEC_TIME_H_
#define PROGENY_DETAIL_CODEC_TIME_H_

#include <chrono>
#include <type_traits>

#include "progeny/detail/codec_aggregate.h"
#include "progeny/detail/codec_wire.h"

namespace progeny::detail {

template <class Count, class Period>
struct Wire<std::chrono::duration<Count, Period>> {
  static constexpr bool kIsBlock = DecodesAsBlock<Count>();
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<Count>;
  using Duration = std::chrono::duration<Count, Period>;

  static void Put(Encoder& encoder, const Duration& duration) {
    detail::Put(encoder, duration.count());
  }
  static void Get(Decoder& decoder, Duration& duration) {
    Count count{};
    detail::Get(decoder, count);
    duration = Duration(count);
  }
};

template <class Clock, class Duration>
struct Wire<std::chrono::time_point<Clock, Duration>> {
  static constexpr bool kIsBlock = DecodesAsBlock<Duration>();
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<Duration>;
  using Point = std::chrono::time_point<Clock, Duration>;

  static void Put(Encoder& encoder, const Point& point) {
    detail::Put(encoder, point.time_since_epoch());
  }
  static void Get(Decoder& decoder, Point& point) {
    Duration duration{};
    detail::Get(decoder, duration);
    point = Point(duration);
  }
};

// The parts of a calendar date are small numbers without padding, and any bytes are a value of them
// (ok() may then be false).
template <class T, class... U>
concept OneOf = (std::is_same_v<T, U> || ...);
template <class T>
concept CalendarPart =
    OneOf<T, std::chrono::day, std::chrono::month, std::chrono::year, std::chrono::weekday,
          std::chrono::weekday_indexed, std::chrono::weekday_last, std::chrono::month_day,
          std::chrono::month_day_last, std::chrono::month_weekday, std::chrono::month_weekday_last,
          std::chrono::year_month, std::chrono::year_month_day, std::chrono::year_month_day_last,
          std::chrono::year_month_weekday, std::chrono::year_month_weekday_last>;

template <CalendarPart T>
struct Wire<T> {
  static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>);
  static constexpr bool kIsBlock = true;
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, const T& part) { encoder.writer().Write(&part, sizeof(T)); }
  static void Get(Decoder& decoder, T& part) { decoder.reader().Read(&part, sizeof(T)); }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_TIME_H_
