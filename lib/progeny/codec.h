// Values to bytes and back: what carries arguments and results between processes.
//
//   struct Order { int64_t id; std::string customer; std::vector<double> prices; };
//
//   absl::StatusOr<std::vector<std::byte>> bytes = progeny::Encode(order);
//   absl::StatusOr<Order> copy = progeny::Decode<Order>(*bytes);
//
// What travels without a word: numbers, enums, std::string, the containers of std, std::pmr and
// absl, pair, tuple, optional, variant, unique_ptr, complex, bitset, std::chrono's types,
// std::filesystem::path, absl::Duration, Time, Status, StatusOr, Cord, and every aggregate struct
// whose members travel (up to 100 of them; without bases and bit-fields; C arrays as std::array). A
// class with private state says what it is made of, as for the cereal library:
//
//   class Account {
//    public:
//     template <class Archive>
//     void serialize(Archive& archive) { archive(owner_, balance_); }
//    private:
//     ...
//   };
//
// (or save() and load(); or private, with `friend class cereal::access`). Both run through the same
// function; `Archive::is_loading::value` tells which way.
//
// What does not travel is refused when it is compiled, with one line that says why and what to do:
// pointers, references, views (string_view, spans), unions, functions, pointers to polymorphic
// classes, containers whose comparator has state, types without a default constructor.
//
// The bytes are those of one build of one program on one machine: no format to keep or to exchange.
// Equal values of one type give equal bytes, except for unordered containers and statuses with
// several payloads. Ranges of numbers, enums and of structs made only of these (without padding)
// are copied as one block.
//
// Bytes may come from anywhere: those that are not an encoding of T are an error value, never a
// crash or a read past the end, and memory is only ever asked for in proportion to the bytes that
// are there. Values nested deeper than 500 containers, pointers or self-serializing classes are
// refused on both ends.
//
// All functions here are free of state: any thread, any process. They throw nothing; an exception
// from a serialize() becomes the status (one that escapes a serialize() declared noexcept does not:
// leave noexcept away).
#ifndef PROGENY_CODEC_H_
#define PROGENY_CODEC_H_

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "progeny/detail/codec_portable.h"

namespace progeny {

// Values of this type can be encoded and decoded. Says yes to every class with a serialize(): what
// that does is seen when it is compiled.
template <class T>
concept Portable = detail::VerdictOf<T>::kReason == detail::Reason::kNone;

// The bytes of `value`. InvalidArgument: nested too deep, a valueless variant, or its serialize()
// threw; ResourceExhausted: out of memory.
template <class T>
absl::StatusOr<std::vector<std::byte>> Encode(const T& value);

// The value that exactly these bytes encode. DataLoss: they don't, or are too few or too many;
// ResourceExhausted: out of memory. (For T = absl::Status, decode absl::StatusOr<std::monostate>
// or a struct that holds it: a StatusOr<Status> does not exist.)
template <class T>
absl::StatusOr<T> Decode(absl::Span<const std::byte> bytes);

namespace detail {

// For progeny's own use: several values one behind another in one buffer, and values that need to
// know how they travel. `context` is what serialize() functions see as archive.context().

template <class T>
absl::Status EncodeWith(ByteWriter writer, const T& value, void* context) {
  return RunCodec(Direction::kEncode, [&] {
    Encoder encoder(writer, context);
    Put(encoder, value);
    writer.Flush();
  });
}

// Appends; on an error `out` is as it was.
template <class T>
absl::Status EncodeTo(std::vector<std::byte>& out, const T& value, void* context = nullptr) {
  if constexpr (RequirePortable<T>()) {
    const size_t size_before = out.size();
    absl::Status status = EncodeWith(ByteWriter(out), value, context);
    if (!status.ok()) out.resize(size_before);
    return status;
  } else {
    return absl::OkStatus();
  }
}
template <class T>
absl::Status EncodeTo(ByteSink& out, const T& value, void* context = nullptr) {
  if constexpr (RequirePortable<T>()) {
    const size_t size_before = out.size();
    absl::Status status = EncodeWith(ByteWriter(out), value, context);
    if (!status.ok()) out.Truncate(size_before);
    return status;
  } else {
    return absl::OkStatus();
  }
}

// Reads one value and leaves the reader behind it; on an error `value` is some value of its type.
template <class T>
absl::Status DecodeFrom(ByteReader& reader, T& value, void* context = nullptr) {
  if constexpr (RequirePortable<T>()) {
    absl::Status status = RunCodec(Direction::kDecode, [&] {
      Decoder decoder(reader, context);
      Get(decoder, value);
    });
    // A serialize() may have swallowed the exception.
    return reader.status().ok() ? status : reader.status();
  } else {
    return absl::OkStatus();
  }
}

template <class T>
absl::StatusOr<T> DecodeOne(ByteReader& reader, void* context = nullptr) {
  absl::StatusOr<T> result;
  if constexpr (RequirePortable<T>()) {
    absl::Status status = DecodeFrom(reader, result.emplace(), context);
    if (!status.ok()) return absl::StatusOr<T>(std::move(status));
  }
  return result;
}

}  // namespace detail

template <class T>
absl::StatusOr<std::vector<std::byte>> Encode(const T& value) {
  std::vector<std::byte> bytes;
  absl::Status status = detail::EncodeTo(bytes, value);
  if (!status.ok()) return status;
  return bytes;
}

template <class T>
absl::StatusOr<T> Decode(absl::Span<const std::byte> bytes) {
  detail::ByteReader reader(bytes);
  absl::StatusOr<T> result = detail::DecodeOne<T>(reader);
  if (result.ok() && reader.left() > 0) return absl::StatusOr<T>(reader.ExpectEnd());
  return result;
}

}  // namespace progeny

#endif  // PROGENY_CODEC_H_
