// Bytes that no Encode made: an error value, whatever they are.
#include <array>
#include <bitset>
#include <cstdint>
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
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/codec_round_trip.h"
#include "progeny/codec.h"

namespace progeny {
namespace {

using testing::Bytes;
using testing::ExpectSurvivesGarbling;

enum class Switch : bool { kOff, kOn };
struct Empty {};
struct Flags {
  bool first = false;
  uint8_t level = 0;
};
struct Tree {
  int value = 0;
  std::string name;
  std::vector<Tree> children;
  std::unique_ptr<Tree> twin;
};
struct Everything {
  std::map<std::string, std::vector<int>> map;
  std::unordered_map<int, std::string> table;
  absl::flat_hash_map<int, Flags> flat;
  std::optional<double> maybe;
  std::variant<std::monostate, int, std::string> choice;
  std::vector<bool> bits;
  std::array<std::pair<int, bool>, 2> pairs;
  std::list<Empty> empties;
  absl::Status status;
  absl::Duration duration;
  std::vector<Flags> flags;
  std::bitset<11> set;
};

template <class T>
bool IsRefused(const std::vector<std::byte>& bytes) {
  return Decode<T>(bytes).status().code() == absl::StatusCode::kDataLoss;
}

TEST(CodecMalformedTest, BoolsBut0And1_AreRefused) {
  EXPECT_TRUE(IsRefused<bool>(Bytes(2)));
  EXPECT_TRUE(IsRefused<Switch>(Bytes(0xff)));
  EXPECT_TRUE(IsRefused<Flags>(Bytes(2, 0)));
  EXPECT_TRUE(IsRefused<std::vector<Flags>>(Bytes(2, 1, 0, 7, 0)));
  EXPECT_TRUE((IsRefused<std::array<bool, 2>>(Bytes(1, 2))));
  EXPECT_TRUE((IsRefused<std::vector<std::array<Switch, 2>>>(Bytes(1, 1, 2))));
  EXPECT_TRUE(IsRefused<std::optional<int>>(Bytes(2, 0, 0, 0, 0)));
  EXPECT_TRUE(IsRefused<std::unique_ptr<char>>(Bytes(2, 0)));
}

TEST(CodecMalformedTest, LengthsBeyondTheBytes_AreRefused) {
  const std::vector<std::byte> huge =
      Bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0);
  EXPECT_TRUE(IsRefused<std::string>(huge));
  EXPECT_TRUE(IsRefused<std::vector<double>>(huge));
  EXPECT_TRUE(IsRefused<std::vector<bool>>(huge));
  EXPECT_TRUE(IsRefused<std::vector<Empty>>(huge));
  EXPECT_TRUE(IsRefused<std::vector<std::tuple<>>>(huge));
  EXPECT_TRUE(IsRefused<std::vector<std::string>>(huge));
  EXPECT_TRUE((IsRefused<std::map<int, int>>(huge)));
  EXPECT_TRUE((IsRefused<absl::flat_hash_map<int, int>>(huge)));
  EXPECT_TRUE(IsRefused<absl::Cord>(huge));
  EXPECT_TRUE(IsRefused<std::string>(Bytes(3, 'a', 'b')));
  EXPECT_TRUE(IsRefused<std::vector<uint16_t>>(Bytes(2, 1, 0, 1)));
}

TEST(CodecMalformedTest, LengthsInAnotherForm_AreRefused) {
  EXPECT_TRUE(IsRefused<std::string>(Bytes(0x80, 0)));
  EXPECT_TRUE(IsRefused<std::string>(Bytes(0x81, 0, 'a')));
  EXPECT_TRUE(
      IsRefused<std::string>(Bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2)));
  EXPECT_TRUE(
      IsRefused<std::string>(Bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1)));
}

TEST(CodecMalformedTest, EmptyValues_StillTakeAByte) {
  EXPECT_EQ(Encode(Empty())->size(), 1u);
  EXPECT_EQ(Encode(std::vector<Empty>(7))->size(), 8u);
  EXPECT_TRUE(IsRefused<Empty>({}));
  EXPECT_TRUE(IsRefused<Empty>(Bytes(1)));
  EXPECT_TRUE(IsRefused<std::vector<std::vector<Empty>>>(Bytes(2, 2, 0, 0, 9)));
}

TEST(CodecMalformedTest, ImpossibleValues_AreRefused) {
  EXPECT_TRUE((IsRefused<std::variant<char, char>>(Bytes(2, 0))));
  EXPECT_TRUE((IsRefused<std::set<char>>(Bytes(2, 'a', 'a'))));
  EXPECT_TRUE((IsRefused<std::map<char, char>>(Bytes(2, 'a', 1, 'a', 2))));
  EXPECT_TRUE(IsRefused<std::bitset<3>>(Bytes(0x08)));
  EXPECT_TRUE(IsRefused<std::vector<bool>>(Bytes(3, 0x80)));
  EXPECT_TRUE(IsRefused<absl::Duration>(Bytes(3)));
  EXPECT_TRUE(IsRefused<absl::StatusOr<char>>(Bytes(0xff, 0xff, 0xff, 0x7f, 0, 0)));
}

TEST(CodecMalformedTest, ErrorMessages_SayWhereAndWhatNext) {
  const absl::Status status = Decode<std::string>(Bytes(9, 'a')).status();
  EXPECT_EQ(status.message(),
            "decode at byte 1 of 2: a length of 9 elements where 1 bytes are left; the bytes are "
            "cut short, garbled or those of another type");
  const absl::Status longer = Decode<char>(Bytes('a', 'b')).status();
  EXPECT_EQ(longer.message(),
            "decode: 1 bytes are left behind the value, which ends at byte 1; the bytes are of "
            "another type or of several values");
}

TEST(CodecMalformedTest, GarbledContainers_AreNoCrash) {
  ExpectSurvivesGarbling(std::string("some text of some length"));
  ExpectSurvivesGarbling(std::vector<std::string>{"a", "bc", "", "defg"});
  ExpectSurvivesGarbling(std::vector<bool>(77, true));
  ExpectSurvivesGarbling(std::vector<std::vector<std::vector<Empty>>>(3, {{{}, {}}, {{}}}));
  ExpectSurvivesGarbling(std::map<int, std::map<int, int>>{{1, {{2, 3}}}, {4, {{5, 6}, {7, 8}}}});
  ExpectSurvivesGarbling(std::vector<std::optional<std::array<double, 100>>>(40));
  ExpectSurvivesGarbling(
      std::variant<int, std::string, std::vector<double>>(std::vector{1.0, 2.0}));
}

TEST(CodecMalformedTest, GarbledStructs_AreNoCrash) {
  Tree tree = {1, "root", {}, std::make_unique<Tree>()};
  tree.children.resize(3);
  tree.children[1].children.resize(2);
  tree.children[1].twin = std::make_unique<Tree>();
  ExpectSurvivesGarbling(tree);

  Everything everything;
  everything.map = {{"a", {1, 2}}, {"b", {}}};
  everything.table = {{1, "x"}, {2, "y"}};
  everything.flat = {{1, {true, 3}}, {2, {}}};
  everything.choice = "text";
  everything.bits = {true, false, true};
  everything.empties.resize(4);
  everything.status = absl::NotFoundError("nothing");
  everything.status.SetPayload("type", absl::Cord("payload"));
  everything.duration = absl::Milliseconds(1500);
  everything.flags.resize(5);
  ExpectSurvivesGarbling(everything, 20'000);
}

}  // namespace
}  // namespace progeny
