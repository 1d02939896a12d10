// Structs travel by their members, classes by their serialize().
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cereal/types/base_class.hpp"
#include "cereal/types/vector.hpp"
#include "gtest/gtest.h"
#include "lib/codec_round_trip.h"
#include "progeny/codec.h"

namespace progeny {
namespace {

using testing::ExpectTravels;

struct Empty {
  friend bool operator==(Empty, Empty) = default;
};
struct Point {
  int x = 1, y = 2;
  friend bool operator==(const Point&, const Point&) = default;
};
struct Padded {
  char letter;
  double number;
  friend bool operator==(const Padded&, const Padded&) = default;
};
struct Flags {
  bool first;
  uint8_t level;
  bool last;
  friend bool operator==(const Flags&, const Flags&) = default;
};
struct Tree {
  int value = 0;
  std::vector<Tree> children;
  friend bool operator==(const Tree&, const Tree&) = default;
};
struct Arrays {
  char name[16];
  double matrix[3][3];
  Point points[2];
  Point after;
  bool flags[2];
  std::string words[2];
  friend bool operator==(const Arrays&, const Arrays&) = default;
};
struct Explicit {  // explicitly constructed members can't be left out of T{...}
  int before = 0;
  absl::StatusOr<int> result;
  double pair[2];
  absl::StatusOr<std::string> last;
};
struct MoveOnly {
  std::unique_ptr<int> number;
  std::vector<std::unique_ptr<std::string>> words;
};
struct Node {
  int value = 0;
  std::unique_ptr<Node> next;
};

class Account {
 public:
  Account() = default;
  Account(std::string owner, int balance) : owner_(std::move(owner)), balance_(balance) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(owner_, CEREAL_NVP(balance_));
  }
  friend bool operator==(const Account&, const Account&) = default;
  friend bool operator<(const Account& a, const Account& b) { return a.balance_ < b.balance_; }

 private:
  std::string owner_;
  int balance_ = 0;
};

class Secret {
 public:
  Secret() = default;
  explicit Secret(int number) : number_(number) {}
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  friend class cereal::access;
  template <class Archive>
  void save(Archive& archive) const {
    static_assert(Archive::is_saving::value);
    archive(number_ + 1);
  }
  template <class Archive>
  void load(Archive& archive) {
    static_assert(Archive::is_loading::value);
    archive(number_);
    --number_;
  }
  int number_ = 0;
};

class Savings : public Account {
 public:
  Savings() = default;
  explicit Savings(int balance) : Account("saver", balance) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::base_class<Account>(this), rates_);
  }
  friend bool operator==(const Savings&, const Savings&) = default;

 private:
  std::vector<double> rates_ = {1.5};
};

struct Short {  // by its name
  std::string name;
  template <class Archive>
  std::string save_minimal(const Archive&) const {
    return name;
  }
  template <class Archive>
  void load_minimal(const Archive&, const std::string& text) {
    name = text;
  }
  friend bool operator==(const Short&, const Short&) = default;
};

struct Beside {
  int kept = 0, dropped = 0;
};
template <class Archive>
void serialize(Archive& archive, Beside& beside) {
  archive(beside.kept);
}

class Unassignable {  // and yet movable
 public:
  Unassignable() = default;
  explicit Unassignable(int number) : number_(number) {}
  Unassignable(Unassignable&&) = default;
  Unassignable& operator=(Unassignable&&) = delete;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(number_);
  }
  friend bool operator==(const Unassignable&, const Unassignable&) = default;

 private:
  int number_ = 0;
};

struct Everything {
  int number = 3;
  Account account;
  std::map<int, std::vector<Account>> accounts;
  std::optional<Point> point;
  std::variant<Empty, Tree> choice;
  Empty empty;
  std::vector<Empty> empties;
  Secret secret;
  Short brief;
  friend bool operator==(const Everything&, const Everything&) = default;
};

TEST(CodecStructTest, Aggregates_TravelByTheirMembers) {
  ExpectTravels(Empty());
  ExpectTravels(Point{3, 4});
  ExpectTravels(Padded{'a', 1.5});
  ExpectTravels(Flags{true, 2, false});
  ExpectTravels(Tree{1, {Tree{2, {}}, Tree{3, {Tree{4, {}}}}}});
  ExpectTravels(std::vector<Empty>(5));
  ExpectTravels(std::vector<Point>{{1, 2}, {3, 4}});
  ExpectTravels(std::vector<Padded>{{'a', 2}, {'b', 4}});
  ExpectTravels(std::vector<Flags>{{true, 2, false}, {false, 0, true}});
}

TEST(CodecStructTest, CArraysInside_Travel) {
  Arrays arrays = {"name",           {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}},
                   {{1, 2}, {3, 4}}, {5, 6},
                   {true, false},    {"a", "b"}};
  ExpectTravels(arrays);
}

TEST(CodecStructTest, MembersWithExplicitConstructors_Travel) {
  const auto same = [](const Explicit& a, const Explicit& b) {
    return a.before == b.before && *a.result == *b.result && a.pair[1] == b.pair[1] &&
           a.last.status() == b.last.status();
  };
  ExpectTravels(Explicit{1, 2, {3, 4}, absl::InternalError("five")}, same);
  std::map<int, Explicit> map;
  map.try_emplace(1).first->second.result = 7;
  const auto copy = Decode<std::map<int, Explicit>>(*Encode(map));
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(*copy->at(1).result, 7);
}

TEST(CodecStructTest, MoveOnlyMembers_Travel) {
  MoveOnly value;
  value.number = std::make_unique<int>(4);
  value.words.push_back(std::make_unique<std::string>("a"));
  value.words.push_back(nullptr);
  ExpectTravels(value, [](const MoveOnly& a, const MoveOnly& b) {
    return *a.number == *b.number && *a.words.at(0) == *b.words.at(0) && a.words.at(1) == nullptr;
  });
}

TEST(CodecStructTest, SerializingClasses_TravelAnywhere) {
  ExpectTravels(Account("ann", 5));
  ExpectTravels(Secret(41));
  ExpectTravels(Savings(7));
  ExpectTravels(Short{"text"});
  ExpectTravels(Unassignable(5));
  ExpectTravels(absl::StatusOr<Unassignable>(Unassignable(5)),
                [](const auto& a, const auto& b) { return *a == *b; });
  ExpectTravels(std::set<Account>{Account("a", 1), Account("b", 2)});
  ExpectTravels(Everything{4,
                           Account("ann", 5),
                           {{1, {Account("bob", 6), Account()}}},
                           Point{1, 2},
                           Tree{1, {}},
                           Empty(),
                           {Empty(), Empty()},
                           Secret(3),
                           Short{"x"}});
}

TEST(CodecStructTest, SerializeBesideTheClass_IsPreferredToItsMembers) {
  const Beside copy = *Decode<Beside>(*Encode(Beside{1, 2}));
  EXPECT_EQ(copy.kept, 1);
  EXPECT_EQ(copy.dropped, 0);
}

TEST(CodecStructTest, EqualStructsWithPadding_GiveEqualBytes) {
  alignas(Padded) unsigned char ones[sizeof(Padded)], zeros[sizeof(Padded)];
  std::memset(ones, 0xff, sizeof(ones));
  std::memset(zeros, 0, sizeof(zeros));
  auto* a = new (ones) Padded;
  auto* b = new (zeros) Padded;
  a->letter = b->letter = 'x';
  a->number = b->number = 1;
  EXPECT_EQ(*Encode(*a), *Encode(*b));
  EXPECT_EQ(Encode(*a)->size(), sizeof(char) + sizeof(double));
  EXPECT_EQ(Encode(1.0L)->size(),
            std::numeric_limits<long double>::digits == 64 ? size_t{10} : sizeof(long double));
}

TEST(CodecStructTest, BlocksAndSingleValues_HaveOneFormat) {
  const std::vector<Point> points = {{1, 2}, {3, 4}};
  std::vector<std::byte> one_by_one = *Encode(uint8_t{2});
  for (const Point& point : points) {
    ASSERT_TRUE(detail::EncodeTo(one_by_one, point.x).ok());
    ASSERT_TRUE(detail::EncodeTo(one_by_one, point.y).ok());
  }
  EXPECT_EQ(*Encode(points), one_by_one);
}

TEST(CodecStructTest, ExceptionsOfSerialize_BecomeStatuses) {
  struct Thrower {
    int kind = 0;
    void Throw() const {
      if (kind == 1) throw std::runtime_error("no mood");
      if (kind == 2) throw std::bad_alloc();
      if (kind == 3) throw 42;
    }
    void serialize(detail::Encoder& archive) {
      archive(kind);
      Throw();
    }
    void serialize(detail::Decoder& archive) {
      archive(kind);
      Throw();
    }
  };
  std::vector<std::byte> bytes = *Encode(std::string("kept"));
  const std::vector<std::byte> before = bytes;
  const absl::Status status = detail::EncodeTo(bytes, Thrower{1});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("no mood"), std::string_view::npos);
  EXPECT_EQ(bytes, before);
  EXPECT_EQ(Encode(Thrower{2}).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Encode(Thrower{3}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Decode<Thrower>(*Encode(1)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decode<Thrower>(*Encode(2)).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Decode<Thrower>(*Encode(3)).status().code(), absl::StatusCode::kDataLoss);
}

struct Swallower {
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    try {
      archive(number);
    } catch (...) {
      number = -1;
    }
  }
};

TEST(CodecStructTest, SwallowedFailure_IsStillReported) {
  EXPECT_EQ(Decode<Swallower>({}).status().code(), absl::StatusCode::kDataLoss);
}

struct Courier {
  template <class Archive>
  void serialize(Archive& archive) {
    if (archive.context() != nullptr) ++*static_cast<int*>(archive.context());
  }
};

TEST(CodecStructTest, Context_ReachesNestedObjects) {
  int visits = 0;
  std::vector<std::byte> bytes;
  const std::vector<Courier> couriers(3);
  ASSERT_TRUE(detail::EncodeTo(bytes, couriers, &visits).ok());
  EXPECT_EQ(visits, 3);
  detail::ByteReader reader(bytes);
  EXPECT_EQ(detail::DecodeOne<std::vector<Courier>>(reader, &visits)->size(), 3u);
  EXPECT_EQ(visits, 6);
}

TEST(CodecStructTest, ValuelessVariant_CanNotBeEncoded) {
  struct Bomb {
    Bomb() = default;
    Bomb(const Bomb&) { throw 1; }
    Bomb(Bomb&&) noexcept {}
    Bomb& operator=(const Bomb&) = default;
    void serialize(detail::Encoder&) {}
    void serialize(detail::Decoder&) {}
  };
  std::variant<int, Bomb> variant;
  const Bomb bomb;
  try {
    variant.emplace<1>(bomb);
  } catch (int) {
  }
  ASSERT_TRUE(variant.valueless_by_exception());
  EXPECT_EQ(Encode(variant).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(CodecStructTest, DeepLists_AreRefusedOnBothEnds) {
  auto list_of = [](int length) {
    Node first;
    for (int i = 0; i < length; ++i) {
      auto node = std::make_unique<Node>();
      node->next = std::move(first.next);
      first.next = std::move(node);
    }
    return first;
  };
  EXPECT_TRUE(Encode(list_of(detail::kMaxDepth - 1)).ok());
  EXPECT_TRUE(Decode<Node>(*Encode(list_of(detail::kMaxDepth - 1))).ok());
  EXPECT_EQ(Encode(list_of(detail::kMaxDepth)).status().code(), absl::StatusCode::kInvalidArgument);
  // 100,000 nodes by hand: a number, then "another follows".
  std::vector<std::byte> bytes;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(detail::EncodeTo(bytes, 0).ok());
    ASSERT_TRUE(detail::EncodeTo(bytes, true).ok());
  }
  EXPECT_EQ(Decode<Node>(bytes).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace progeny
