// How Abseil's values travel. Its containers need nothing of their own: codec_containers.h.
#ifndef PROGENY_DETAIL_CODEC_ABSL_H_
#define PROGENY_DETAIL_CODEC_ABSL_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "progeny/detail/codec_wire.h"

namespace progeny::detail {

void PutDuration(ByteWriter& writer, absl::Duration duration);
absl::Duration GetDuration(ByteReader& reader);
void PutCord(ByteWriter& writer, const absl::Cord& cord);
absl::Cord GetCord(ByteReader& reader);
void PutStatus(ByteWriter& writer, const absl::Status& status);  // code, message and payloads
absl::Status GetStatus(ByteReader& reader);

template <>
struct Wire<absl::Duration> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, absl::Duration duration) {
    PutDuration(encoder.writer(), duration);
  }
  static void Get(Decoder& decoder, absl::Duration& duration) {
    duration = GetDuration(decoder.reader());
  }
};

template <>
struct Wire<absl::Time> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, absl::Time time) {
    PutDuration(encoder.writer(), time - absl::UnixEpoch());
  }
  static void Get(Decoder& decoder, absl::Time& time) {
    time = absl::UnixEpoch() + GetDuration(decoder.reader());
  }
};

template <>
struct Wire<absl::Cord> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, const absl::Cord& cord) { PutCord(encoder.writer(), cord); }
  static void Get(Decoder& decoder, absl::Cord& cord) { cord = GetCord(decoder.reader()); }
};

template <>
struct Wire<absl::Status> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, const absl::Status& status) {
    PutStatus(encoder.writer(), status);
  }
  static void Get(Decoder& decoder, absl::Status& status) { status = GetStatus(decoder.reader()); }
};

template <class T>
struct Wire<absl::StatusOr<T>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<T>;

  static void Put(Encoder& encoder, const absl::StatusOr<T>& result) {
    PutStatus(encoder.writer(), result.status());
    if (result.ok()) detail::Put(encoder, *result);
  }
  static void Get(Decoder& decoder, absl::StatusOr<T>& result) {
    absl::Status status = GetStatus(decoder.reader());
    if (status.ok()) {
      detail::Get(decoder, result.emplace());
    } else {
      result = std::move(status);
    }
  }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_ABSL_H_
