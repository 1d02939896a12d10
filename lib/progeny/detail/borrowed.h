// What a worker's view parameters (string_view, Span) look at: the bytes that came, where they came. Who calls keeps these
// for as long as the call takes.
#ifndef PROGENY_DETAIL_BORROWED_H_
#define PROGENY_DETAIL_BORROWED_H_

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "progeny/codec.h"
#include "progeny/detail/signature.h"

namespace progeny::detail {

// Elements of a block. Those that don't lie where a T may lie are copied.
template <class T>
class Borrowed {
 public:
  static absl::StatusOr<Borrowed> From(ByteReader& reader) {
    Borrowed borrowed;
    absl::Status status = RunCodec(Direction::kDecode, [&] {
      const size_t count = reader.ReadBlockCount(sizeof(T));
      if (reader.IsAligned(alignof(T))) {
        borrowed.seen_ = {reinterpret_cast<const T*>(reader.Take(count * sizeof(T))), count};
      } else {
        AppendBlocks(reader, borrowed.owned_, count);
        borrowed.seen_ = borrowed.owned_;
      }
    });
    if (!status.ok()) return status;
    return borrowed;
  }

  Borrowed(Borrowed&&) = default;  // a vector's elements stay where they are
  Borrowed& operator=(Borrowed&&) = default;

  operator absl::Span<const T>() const { return seen_; }
  operator std::string_view() const requires std::is_same_v<T, char> { return {seen_.data(), seen_.size()}; }

 private:
  Borrowed() = default;

  std::vector<T> owned_;
  absl::Span<const T> seen_;
};

// What stands for a parameter while the call runs.
template <class P>
struct Received {
  using Type = WireOf<P>;
  static absl::StatusOr<Type> From(ByteReader& reader, void* context) { return DecodeOne<Type>(reader, context); }
};
template <class P>
  requires(Parameter<P>::kIsView && DecodesAsBlock<typename WireOf<P>::value_type>())
struct Received<P> {
  using Type = Borrowed<typename WireOf<P>::value_type>;
  static absl::StatusOr<Type> From(ByteReader& reader, void* /*context*/) { return Type::From(reader); }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_BORROWED_H_
