// Any bytes at all, decoded as one of several types that between them reach every part of the
// codec. What decodes must encode again, and that must decode to the same bytes.
//
// The first byte chooses the type; the seeds in corpus/codec_fuzz are real encodings (their first
// byte is the number in their name).
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "progeny/codec.h"

namespace {

enum class Colour : uint16_t { kRed };
struct Empty {};
struct Flags {
  bool first;
  Colour colour;
  bool last;
};
struct Point {
  int x, y;
};
struct Tree {
  std::string name;
  std::vector<Tree> children;
  std::unique_ptr<Tree> twin;
};
class Account {
 public:
  template <class Archive>
  void serialize(Archive& archive) {
    archive(owner_, history_);
  }

 private:
  std::string owner_;
  std::vector<Point> history_;
};
struct Numbers {
  std::vector<bool> bits;
  std::bitset<13> set;
  std::vector<Flags> flags;
  Point points[3];
  std::complex<double> complex;
  std::chrono::nanoseconds time;
  long double large;
};
struct Containers {
  std::map<std::string, Account> map;
  std::multimap<int, std::optional<Empty>> multimap;
  std::set<std::pair<int, bool>> set;
  std::deque<std::variant<std::monostate, int, std::string, Tree>> deque;
  std::list<Empty> list;
};
struct Unordered {
  std::unordered_map<int, std::string> std_map;
  absl::flat_hash_map<std::string, Flags> absl_map;
};
struct OfAbsl {
  absl::StatusOr<Tree> result;
  absl::Duration duration;
  absl::Time time;
  absl::Cord cord;
};
using Arguments = std::tuple<int, std::string, std::tuple<>, std::vector<double>,
                             std::filesystem::path, std::array<bool, 3>>;

void Check(bool condition) {
  if (!condition) std::abort();
}

template <class T>
void TryOne(absl::Span<const std::byte> bytes) {
  const absl::StatusOr<T> value = progeny::Decode<T>(bytes);
  if (!value.ok()) return Check(value.status().code() == absl::StatusCode::kDataLoss);
  const absl::StatusOr<std::vector<std::byte>> again = progeny::Encode(*value);
  Check(again.ok());
  const absl::StatusOr<T> copy = progeny::Decode<T>(*again);
  Check(copy.ok());
  const absl::StatusOr<std::vector<std::byte>> third = progeny::Encode(*copy);
  Check(third.ok() && third->size() == again->size());
  // A hash table may list its elements, and a status its payloads, in another order next time.
  constexpr bool kHasOrder = !std::is_same_v<T, Unordered> && !std::is_same_v<T, OfAbsl>;
  if (kHasOrder) Check(*third == *again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  switch (data[0]) {
    case 0:
      TryOne<Tree>(bytes);
      break;
    case 1:
      TryOne<Numbers>(bytes);
      break;
    case 2:
      TryOne<Containers>(bytes);
      break;
    case 3:
      TryOne<Unordered>(bytes);
      break;
    case 4:
      TryOne<OfAbsl>(bytes);
      break;
    case 5:
      TryOne<Arguments>(bytes);
      break;
    case 6:
      TryOne<std::vector<std::vector<std::vector<Empty>>>>(bytes);
      break;
    default:
      break;
  }
  return 0;
}
