// What every value of every type must do in the codec's tests.
#ifndef PROGENY_TESTS_LIB_CODEC_ROUND_TRIP_H_
#define PROGENY_TESTS_LIB_CODEC_ROUND_TRIP_H_

#include <cstddef>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "progeny/codec.h"

namespace progeny::testing {

// The value comes back; every shorter and every longer sequence of bytes is refused.
template <class T, class Same>
void ExpectTravels(const T& value, Same same) {
  const absl::StatusOr<std::vector<std::byte>> bytes = Encode(value);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const absl::StatusOr<T> copy = Decode<T>(*bytes);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_TRUE(same(*copy, value));

  for (size_t size = 0; size < bytes->size(); ++size) {
    // On the heap and of this size, so that a sanitizer sees a read past the end.
    const std::vector<std::byte> part(bytes->begin(), bytes->begin() + size);
    const absl::StatusOr<T> result = Decode<T>(part);
    ASSERT_EQ(result.status().code(), absl::StatusCode::kDataLoss) << "first " << size << " bytes";
  }
  std::vector<std::byte> longer = *bytes;
  longer.push_back(std::byte{0});
  EXPECT_EQ(Decode<T>(longer).status().code(), absl::StatusCode::kDataLoss);
}

template <class T>
void ExpectTravels(const T& value) {
  ExpectTravels(value, [](const T& a, const T& b) { return a == b; });
}

// Garbled bytes are an error or some value that can be encoded again; never more.
template <class T>
void ExpectSurvivesGarbling(const T& value, int rounds = 3000) {
  const absl::StatusOr<std::vector<std::byte>> bytes = Encode(value);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  ASSERT_FALSE(bytes->empty());
  std::mt19937 random(20221124);
  int refused = 0;
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::byte> garbled = *bytes;
    for (unsigned k = random() % 4 + 1; k > 0; --k) {
      garbled[random() % garbled.size()] ^= static_cast<std::byte>(1u << random() % 8);
    }
    if (random() % 8 == 0) garbled.resize(random() % garbled.size());
    const absl::StatusOr<T> result = Decode<T>(garbled);
    if (result.ok()) {
      EXPECT_TRUE(Encode(*result).ok());
    } else {
      EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss) << result.status();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0) << "cut bytes must be among them";
}

template <class... Byte>
std::vector<std::byte> Bytes(Byte... byte) {
  return {static_cast<std::byte>(byte)...};
}

}  // namespace progeny::testing

#endif  // PROGENY_TESTS_LIB_CODEC_ROUND_TRIP_H_
