// Containers travel: those of std, std::pmr and absl.
#include <array>
#include <complex>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory_resource>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/container/node_hash_map.h"
#include "absl/container/node_hash_set.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "lib/codec_round_trip.h"
#include "progeny/codec.h"

namespace progeny {
namespace {

using testing::ExpectTravels;

TEST(CodecContainerTest, Sequences_ComeBack) {
  ExpectTravels(std::vector<int>());
  ExpectTravels(std::vector<int>{1, 2, 3});
  ExpectTravels(std::vector<bool>{true, false, true, true, false, false, true, false, true});
  ExpectTravels(std::vector<bool>());
  ExpectTravels(std::vector<std::string>{"a", "", "c"});
  ExpectTravels(std::array<int, 3>{1, 2, 3});
  ExpectTravels(std::array<std::string, 2>{"a", "b"});
  ExpectTravels(std::array<bool, 2>{true, false});
  ExpectTravels(std::deque<int>{1, 2});
  ExpectTravels(std::list<std::string>{"a", "b"});
  ExpectTravels(std::forward_list<int>{1, 2, 3});
  ExpectTravels(absl::InlinedVector<int, 2>{1, 2, 3});
  ExpectTravels(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
  ExpectTravels(std::vector<long double>{1, 2});
}

TEST(CodecContainerTest, LargeBlocks_ComeBack) {
  std::vector<uint32_t> numbers(100'003);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<uint32_t>(i * i);
  const absl::StatusOr<std::vector<std::byte>> bytes = Encode(numbers);
  ASSERT_TRUE(bytes.ok());
  EXPECT_LT(bytes->size(), numbers.size() * sizeof(uint32_t) + 11);
  EXPECT_EQ(*Decode<std::vector<uint32_t>>(*bytes), numbers);
  const std::vector<std::byte> part(bytes->begin(), bytes->end() - 1);
  EXPECT_FALSE(Decode<std::vector<uint32_t>>(part).ok());
}

TEST(CodecContainerTest, MapsAndSets_ComeBack) {
  ExpectTravels(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  ExpectTravels(std::multimap<int, int>{{1, 3}, {1, 2}, {0, 9}});
  ExpectTravels(std::set<int>{3, 1, 2});
  ExpectTravels(std::multiset<int>{1, 1, 2});
  ExpectTravels(std::unordered_map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  ExpectTravels(std::unordered_multimap<int, int>{{1, 3}, {1, 2}});
  ExpectTravels(std::unordered_set<std::string>{"a", "b"});
  ExpectTravels(std::unordered_multiset<int>{1, 1, 2});
  ExpectTravels(absl::flat_hash_map<int, std::string>{{1, "a"}, {2, "b"}});
  ExpectTravels(absl::node_hash_map<int, std::string>{{1, "a"}, {2, "b"}});
  ExpectTravels(absl::flat_hash_set<std::string>{"a", "b"});
  ExpectTravels(absl::node_hash_set<int>{1, 2});
  ExpectTravels(absl::btree_map<int, std::string>{{1, "a"}, {2, "b"}});
  ExpectTravels(absl::btree_set<int>{1, 2});
}

TEST(CodecContainerTest, PmrContainers_ComeBack) {
  ExpectTravels(std::pmr::string("text"));
  ExpectTravels(std::pmr::vector<std::pmr::string>{"a", "b"});
  ExpectTravels(std::pmr::map<int, std::pmr::string>{{1, "a"}});
  ExpectTravels(std::pmr::unordered_map<int, int>{{1, 2}});
}

}  // namespace
}  // namespace progeny
