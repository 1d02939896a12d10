// Every single value that is promised to travel does, and comes back the same.
#include "progeny/codec.h"

#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/codec_round_trip.h"

namespace progeny {
namespace {

using testing::ExpectTravels;

enum class Colour : uint8_t { kRed, kBlue = 200 };
enum Plain { kPlainA, kPlainB };
enum class Switch : bool { kOff, kOn };

TEST(CodecTest, Numbers_ComeBack) {
  ExpectTravels(true);
  ExpectTravels('x');
  ExpectTravels(u8'x');
  ExpectTravels(L'x');
  ExpectTravels(std::numeric_limits<int8_t>::min());
  ExpectTravels(std::numeric_limits<uint16_t>::max());
  ExpectTravels(std::numeric_limits<int64_t>::min());
  ExpectTravels(std::numeric_limits<uint64_t>::max());
  ExpectTravels(1.5f);
  ExpectTravels(-std::numeric_limits<double>::infinity());
  ExpectTravels(1.0L / 3);
  ExpectTravels(std::byte{7});
  ExpectTravels(std::complex<double>(1, -2));
  ExpectTravels(std::complex<long double>(1, -2));
}

TEST(CodecTest, Enums_ComeBack) {
  ExpectTravels(Colour::kBlue);
  ExpectTravels(kPlainB);
  ExpectTravels(Switch::kOn);
  ExpectTravels(static_cast<Colour>(99));  // a value without a name
}

TEST(CodecTest, Strings_ComeBack) {
  ExpectTravels(std::string());
  ExpectTravels(std::string("a\0b", 3));
  ExpectTravels(std::string(300, 'x'));
  ExpectTravels(std::u16string(u"grün"));
  ExpectTravels(std::wstring(L"wide"));
}

TEST(CodecTest, SumsAndProducts_ComeBack) {
  ExpectTravels(std::pair<int, std::string>(1, "a"));
  ExpectTravels(std::tuple<int, std::string, double>(1, "a", 2.5));
  ExpectTravels(std::tuple<>());
  ExpectTravels(std::monostate());
  ExpectTravels(std::optional<std::string>());
  ExpectTravels(std::optional<std::string>("a"));
  ExpectTravels(std::optional<std::optional<int>>(std::optional<int>()));
  using Choice = std::variant<std::monostate, int, std::string, int>;
  ExpectTravels(Choice());
  ExpectTravels(Choice(std::in_place_index<1>, 5));
  ExpectTravels(Choice("text"));
  ExpectTravels(Choice(std::in_place_index<3>, 5));
}

TEST(CodecTest, UniquePointers_ArriveAsDeepCopies) {
  const auto same = [](const std::unique_ptr<std::string>& a,
                       const std::unique_ptr<std::string>& b) {
    return a == nullptr ? b == nullptr : b != nullptr && a != b && *a == *b;
  };
  ExpectTravels(std::make_unique<std::string>("a"), same);
  ExpectTravels(std::unique_ptr<std::string>(), same);
}

TEST(CodecTest, Bits_ComeBack) {
  ExpectTravels(std::bitset<0>());
  ExpectTravels(std::bitset<8>(0xa5));
  ExpectTravels(
      std::bitset<70>("1000000000000000000000000000000000000000000000000000000000000000001"));
}

TEST(CodecTest, Times_ComeBack) {
  ExpectTravels(std::chrono::milliseconds(-5));
  ExpectTravels(std::chrono::duration<double>(0.25));
  ExpectTravels(std::chrono::system_clock::now());
  ExpectTravels(std::chrono::steady_clock::now());
  using std::chrono::year, std::chrono::month, std::chrono::day;
  ExpectTravels(std::chrono::year_month_day(year(2026), month(11), day(24)));
  ExpectTravels(std::vector<std::chrono::nanoseconds>{std::chrono::nanoseconds(1)});
}

TEST(CodecTest, Paths_ComeBack) {
  ExpectTravels(std::filesystem::path());
  ExpectTravels(std::filesystem::path("some") / "where");
}

TEST(CodecTest, AbslTimes_ComeBackToTheQuarterNanosecond) {
  const absl::Duration tick = absl::Nanoseconds(1) / 4;
  ExpectTravels(absl::ZeroDuration());
  ExpectTravels(absl::Seconds(3) + tick);
  ExpectTravels(-absl::Seconds(3) - tick);
  ExpectTravels(absl::Seconds(std::numeric_limits<int64_t>::max()) + tick);
  ExpectTravels(absl::Seconds(std::numeric_limits<int64_t>::min()));
  ExpectTravels(absl::Seconds(std::numeric_limits<int64_t>::min()) + tick);
  ExpectTravels(absl::InfiniteDuration());
  ExpectTravels(-absl::InfiniteDuration());
  ExpectTravels(absl::Now());
  ExpectTravels(absl::InfiniteFuture());
  ExpectTravels(absl::InfinitePast());
}

TEST(CodecTest, Cords_ComeBack) {
  ExpectTravels(absl::Cord());
  absl::Cord cord("first");
  cord.Append(absl::MakeCordFromExternal("second", [] {}));
  cord.Append(std::string(500, 'x'));
  ExpectTravels(cord);
}

struct Outcome {
  absl::Status status;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

TEST(CodecTest, Statuses_ComeBackWithTheirPayloads) {
  ExpectTravels(Outcome{absl::OkStatus()});
  ExpectTravels(Outcome{absl::NotFoundError("no such table")});
  ExpectTravels(Outcome{absl::CancelledError("")});
  absl::Status status = absl::AbortedError("died");
  status.SetPayload("type/one", absl::Cord("1"));
  status.SetPayload("type/two", absl::Cord());
  ExpectTravels(Outcome{status});
  ExpectTravels(Outcome{absl::Status(static_cast<absl::StatusCode>(77), "a code of tomorrow")});
}

TEST(CodecTest, StatusOrs_ComeBack) {
  ExpectTravels(std::vector<absl::StatusOr<std::string>>{"a", absl::NotFoundError("b")});
  const auto same = [](const absl::StatusOr<int>& a, const absl::StatusOr<int>& b) {
    return a.status() == b.status() && (!a.ok() || *a == *b);
  };
  ExpectTravels(absl::StatusOr<int>(5), same);
  ExpectTravels(absl::StatusOr<int>(absl::InternalError("x")), same);
  absl::StatusOr<absl::StatusOr<int>> nested;
  nested.emplace(absl::InternalError("inside"));
  const auto copy = Decode<absl::StatusOr<absl::StatusOr<int>>>(*Encode(nested));
  ASSERT_TRUE(copy.ok() && copy->ok());
  EXPECT_EQ((*copy)->status(), absl::InternalError("inside"));
}

// ---- Argument lists: several values in one buffer

TEST(CodecTest, ValuesOneBehindAnother_AreReadInOrder) {
  std::vector<std::byte> bytes(3, std::byte{9});
  ASSERT_TRUE(detail::EncodeTo(bytes, 5).ok());
  ASSERT_TRUE(detail::EncodeTo(bytes, std::string("five")).ok());
  ASSERT_TRUE(detail::EncodeTo(bytes, std::tuple<>()).ok());
  detail::ByteReader reader(absl::MakeConstSpan(bytes).subspan(3));
  int number = 0;
  EXPECT_TRUE(detail::DecodeFrom(reader, number).ok());
  EXPECT_EQ(number, 5);
  EXPECT_EQ(*detail::DecodeOne<std::string>(reader), "five");
  EXPECT_FALSE(reader.ExpectEnd().ok());
  EXPECT_TRUE(detail::DecodeOne<std::tuple<>>(reader).ok());
  EXPECT_TRUE(reader.ExpectEnd().ok());
}

TEST(CodecTest, AbslStatus_IsReadInPlace) {
  std::vector<std::byte> bytes;
  ASSERT_TRUE(detail::EncodeTo(bytes, absl::NotFoundError("x")).ok());
  detail::ByteReader reader(bytes);
  absl::Status status;
  EXPECT_TRUE(detail::DecodeFrom(reader, status).ok());
  EXPECT_EQ(status, absl::NotFoundError("x"));
}

}  // namespace
}  // namespace progeny
