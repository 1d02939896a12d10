// Flat types: which they are, and that their bytes are the codec's.
#include "progeny/detail/flat.h"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "progeny/codec.h"

namespace progeny {
namespace {

enum class Colour : uint8_t { kRed, kBlue };
struct Point {
  double x;
  int64_t y;
  bool operator==(const Point&) const = default;
};
struct Padded {
  int64_t a;
  int32_t b;
};

template <class T>
std::vector<std::byte> FlatBytes(const T& value) {
  std::vector<std::byte> bytes(detail::kFlatSize<T>);
  detail::PutFlat(bytes.data(), value);
  return bytes;
}

template <class T>
void ExpectTheCodecsBytes(const T& value) {
  EXPECT_EQ(FlatBytes(value), *Encode(value));
  T back{};
  detail::GetFlat(FlatBytes(value).data(), back);
  EXPECT_EQ(back, value);
}

TEST(FlatTest, Bytes_AreThoseOfTheCodec) {
  ExpectTheCodecsBytes(int64_t{-7});
  ExpectTheCodecsBytes(true);
  ExpectTheCodecsBytes('x');
  ExpectTheCodecsBytes(Colour::kBlue);
  ExpectTheCodecsBytes(Point{0.5, 3});
  ExpectTheCodecsBytes(std::pair<int32_t, bool>(9, true));
  ExpectTheCodecsBytes(std::tuple<int8_t, std::pair<int64_t, double>, Colour>(1, {2, 3.5}, Colour::kBlue));
}

TEST(FlatTest, WhatHasNoFixedLength_OrGaps_IsNotFlat) {
  EXPECT_EQ(detail::kFlatSize<std::string>, 0u);
  EXPECT_EQ(detail::kFlatSize<std::vector<int>>, 0u);
  EXPECT_EQ(detail::kFlatSize<Padded>, 0u);
  EXPECT_EQ((detail::kFlatSize<std::pair<int, std::string>>), 0u);
  EXPECT_EQ((detail::kFlatSizeOf<>), 0u);
  EXPECT_EQ((detail::kFlatSizeOf<int32_t, int64_t>), 12u);
}

TEST(FlatTest, AByteThatIsNoBool_BecomesOne) {
  const std::byte odd{7};
  bool value = false;
  detail::GetFlat(&odd, value);
  EXPECT_EQ(value, true);
  EXPECT_EQ(static_cast<int>(value), 1);
}

}  // namespace
}  // namespace progeny
