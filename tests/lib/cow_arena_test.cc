// CowArena and MakeCow by themselves: how a T is made, what is refused and in which words.
#include <array>
#include <cstdlib>
#include <memory_resource>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "progeny/call.h"
#include "progeny/cow.h"
#include "progeny/exit_status.h"
#include "support/cow_table.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::IsError;
using testing::HasSubstr;
using Numbers = std::pmr::vector<int64_t>;
using Text = std::pmr::string;

class CowArenaTest : public tests::LeakFreeTest {};

constexpr char kLong[] = "a text that is too long to be kept inside of its string";

bool LiesIn(const CowArena& arena, const void* place) {
  // The resource lies in front of what it hands out.
  const auto* first = reinterpret_cast<const char*>(arena.resource());
  return place >= first && place < first + (int64_t{1} << 30);
}

// ---- how a T is made

TEST_F(CowArenaTest, PmrContainer_IsMadeInTheArena) {
  const absl::StatusOr<Cow<Numbers>> numbers =
      MakeCow<Numbers>([](Numbers& n) { n.assign(1000, 7); }, {.reserve = 1 << 24});
  ASSERT_OK(numbers);
  EXPECT_EQ((*numbers)->size(), 1000U);
  EXPECT_TRUE(LiesIn(numbers->arena(), (*numbers)->data()));
  EXPECT_GE(numbers->arena().bytes_used(), 8000);
}

class OfAnAllocator {
 public:
  using allocator_type = std::pmr::polymorphic_allocator<>;
  OfAnAllocator() : OfAnAllocator(allocator_type()) {}
  explicit OfAnAllocator(allocator_type allocator) : text(kLong, allocator) {}
  OfAnAllocator(const OfAnAllocator& other, allocator_type allocator) : text(other.text, allocator) {}
  Text text;
};

class OfAResource {
 public:
  explicit OfAResource(std::pmr::memory_resource* resource) : text(kLong, resource) {}
  Text text;
};

struct Parts {
  int plain = 5;
  Text initialised = kLong;
  OfAnAllocator allocated;
  struct Inner {
    std::optional<int> nothing;
    std::array<Text, 2> texts = {kLong, kLong};
    Text built_in[2];
  } inner;
};

TEST_F(CowArenaTest, ClassesAndAggregates_AreMadeInTheArena_WithTheirInitialisers) {
  const auto allocated = MakeCow<OfAnAllocator>([](OfAnAllocator&) {});
  ASSERT_OK(allocated);
  EXPECT_TRUE(LiesIn(allocated->arena(), (*allocated)->text.data()));
  const auto resourced = MakeCow<OfAResource>([](OfAResource&) {});
  ASSERT_OK(resourced);
  EXPECT_TRUE(LiesIn(resourced->arena(), (*resourced)->text.data()));
  const auto parts = MakeCow<Parts>([](Parts& p) { p.inner.built_in[1] = kLong; });
  ASSERT_OK(parts);
  EXPECT_EQ((*parts)->plain, 5);
  for (const Text* text : {&(*parts)->initialised, &(*parts)->allocated.text, &(*parts)->inner.texts[1],
                           &(*parts)->inner.built_in[1]}) {
    EXPECT_EQ(*text, kLong);
    EXPECT_TRUE(LiesIn(parts->arena(), text->data()));
  }
}

TEST_F(CowArenaTest, Elements_WithAnAllocatorType_GetTheArenasMemory) {
  const auto elements = MakeCow<std::pmr::vector<OfAnAllocator>>([](auto& e) { e.resize(3); });
  ASSERT_OK(elements);
  EXPECT_OK(elements->Verify());
  EXPECT_TRUE(LiesIn(elements->arena(), (**elements)[2].text.data()));
}

TEST_F(CowArenaTest, Destructor_OfTheValue_NeverRuns) {
  static int destroyed = 0;
  struct Counts {
    int value = 0;
    ~Counts() { ++destroyed; }
  };
  { ASSERT_OK(MakeCow<Counts>([](Counts&) {})); }
  EXPECT_EQ(destroyed, 0);
}

// ---- what the builder does

TEST_F(CowArenaTest, Builder_ThatReturnsAnError_IsThatError) {
  const auto failed = MakeCow<Numbers>([](Numbers&) { return absl::NotFoundError("no such table"); });
  EXPECT_THAT(failed, IsError(absl::StatusCode::kNotFound, "no such table"));
}

TEST_F(CowArenaTest, Builder_ThatThrows_IsUnknownWithARemoteError) {
  const auto failed = MakeCow<Numbers>([](Numbers&) { throw std::runtime_error("bad line 7"); });
  EXPECT_THAT(failed, IsError(absl::StatusCode::kUnknown, "bad line 7"));
  ASSERT_TRUE(RemoteErrorOf(failed.status()).has_value());
  EXPECT_EQ(RemoteErrorOf(failed.status())->what, "bad line 7");
}

TEST_F(CowArenaTest, ReservationThatIsTooSmall_IsResourceExhausted_AndNamesTheOption) {
  const auto failed = MakeCow<Numbers>([](Numbers& n) { n.resize(1 << 20); }, {.reserve = 1 << 20});
  EXPECT_THAT(failed, IsError(absl::StatusCode::kResourceExhausted, "CowOptions::reserve"));
}

TEST_F(CowArenaTest, NegativeReserve_IsInvalidArgument) {
  EXPECT_THAT(CowArena::Create({.reserve = -1}), IsError(absl::StatusCode::kInvalidArgument, "reserve"));
}

TEST_F(CowArenaTest, ReserveBeyondAllAddresses_IsResourceExhausted) {
  const absl::StatusOr<CowArena> arena = CowArena::Create({.reserve = int64_t{1} << 60});
  EXPECT_THAT(arena, IsError(absl::StatusCode::kResourceExhausted, "reserve less"));
}

// ---- freezing

TEST_F(CowArenaTest, Freeze_ASecondTime_IsFailedPrecondition) {
  absl::StatusOr<CowArena> arena = CowArena::Create();
  ASSERT_OK(arena);
  EXPECT_FALSE(arena->frozen());
  EXPECT_OK(arena->Freeze());
  EXPECT_TRUE(arena->frozen());
  EXPECT_THAT(arena->Freeze(), IsError(absl::StatusCode::kFailedPrecondition, "frozen already"));
}

TEST_F(CowArenaTest, Share_GivesACowOfAnythingInside_AndRefusesTheRest) {
  absl::StatusOr<CowArena> arena = CowArena::Create();
  ASSERT_OK(arena);
  auto* pair = ::new (arena->resource()->allocate(sizeof(std::pair<int, int>))) std::pair<int, int>(3, 4);
  EXPECT_THAT(arena->Share(pair), IsError(absl::StatusCode::kFailedPrecondition, "freeze it first"));
  ASSERT_OK(arena->Freeze());
  const absl::StatusOr<Cow<int>> second = arena->Share<int>(&pair->second);
  ASSERT_OK(second);
  EXPECT_EQ(**second, 4);
  EXPECT_EQ(*Call({.start_method = StartMethod::kSpawn}, [](Cow<int> number) { return *number; }, *second), 4);
  const int elsewhere = 5;
  EXPECT_THAT(arena->Share(&elsewhere), IsError(absl::StatusCode::kInvalidArgument, "do not lie in"));
  EXPECT_FALSE(arena->Share(reinterpret_cast<const std::array<char, 4096>*>(pair)).ok()) << "its end lies outside";
}

TEST_F(CowArenaTest, Passing_BeforeTheFreeze_IsFailedPrecondition) {
  const absl::StatusOr<CowArena> arena = CowArena::Create();
  ASSERT_OK(arena);
  const absl::StatusOr<bool> seen = Call({.start_method = StartMethod::kSpawn},
                                         [](CowArena a) { return a.frozen(); }, *arena);
  EXPECT_THAT(seen, IsError(absl::StatusCode::kFailedPrecondition, "freeze it first"));
}

TEST_F(CowArenaTest, Growth_PastTheReservation_IsBadAlloc_AndHarmsNothing) {
  const auto numbers = MakeCow<Numbers>([](Numbers& n) { n.assign(1000, 7); }, {.reserve = 1 << 20});
  ASSERT_OK(numbers);
  Numbers* mine = *numbers->Mutable();
  EXPECT_THROW(mine->resize(1 << 20), std::bad_alloc);
  EXPECT_EQ((*numbers)->size(), 1000U);
  mine->push_back(8);
  EXPECT_EQ((*numbers)->back(), 8);
}

TEST_F(CowArenaTest, EmptyHandles_AnswerWithAStatus) {
  const Cow<Numbers> none;
  EXPECT_FALSE(none);
  EXPECT_THAT(none.Mutable(), IsError(absl::StatusCode::kFailedPrecondition, "empty"));
  EXPECT_THAT(none.copied_bytes(), IsError(absl::StatusCode::kFailedPrecondition, "empty"));
  EXPECT_THAT(CowArena().Freeze(), IsError(absl::StatusCode::kFailedPrecondition, "empty"));
  EXPECT_THROW((void)CowArena().resource()->allocate(1), std::bad_alloc);
}

TEST_F(CowArenaTest, PlainBytes_CarryNoCow) {
  const auto numbers = MakeCow<Numbers>([](Numbers&) {});
  ASSERT_OK(numbers);
  EXPECT_THAT(Encode(*numbers), IsError(absl::StatusCode::kInvalidArgument, "pass it as an argument"));
  EXPECT_THAT(Decode<Cow<Numbers>>(std::vector<std::byte>(80, std::byte{1})),
              IsError(absl::StatusCode::kInvalidArgument, "pass it as an argument"));
}

// ---- Verify

struct Person {  // a plain aggregate: in a container its name lies on the heap
  Text name;
};

// What elements allocate that know no arena's resource. In another arena, for two reasons: an arena
// never frees what lies on the heap, and Windows may have that below 4 GiB, where Verify takes
// addresses for numbers.
class OtherPlace {
 public:
  OtherPlace() : before_(std::pmr::set_default_resource(arena_->resource())) {}
  ~OtherPlace() { std::pmr::set_default_resource(before_); }

 private:
  absl::StatusOr<CowArena> arena_ = CowArena::Create();
  std::pmr::memory_resource* before_;
};

constexpr char kLow[] = "this program was linked without PIE and lies below 4 GiB, where Verify takes addresses for numbers";
bool ProgramLiesLow() { return reinterpret_cast<uintptr_t>(kLow) >> 32 == 0; }

template <class T, class Builder>
absl::Status VerifyOf(Builder builder) {
  const absl::StatusOr<Cow<T>> cow = MakeCow<T, false>(builder);
  return cow.ok() ? cow->Verify() : cow.status();
}

TEST_F(CowArenaTest, Verify_FindsStringsOutOfTheArena) {
  const OtherPlace other_place;
  const absl::Status found = VerifyOf<std::pmr::vector<Person>>([](auto& people) {
    people.reserve(2);
    people.push_back({"short"});
    people.push_back({kLong});
  });
  EXPECT_THAT(found, IsError(absl::StatusCode::kFailedPrecondition, "at offset"));
  EXPECT_THAT(found, IsError(absl::StatusCode::kFailedPrecondition, "allocator_type"));
}

TEST_F(CowArenaTest, Verify_NamesTheOffset_OfAPointerOutOfTheArena) {
  struct Leads {
    int64_t number = 1;
    const char* out = nullptr;
    const Leads* in = nullptr;
  };
  EXPECT_OK(VerifyOf<Leads>([](Leads& leads) { leads.in = &leads; }));
  if (ProgramLiesLow()) GTEST_SKIP() << kLow;
  const absl::Status found = VerifyOf<Leads>([](Leads& leads) { leads.out = kLong; });
  EXPECT_THAT(found, IsError(absl::StatusCode::kFailedPrecondition, "1 word points out of it: at offset 8 to"));
}

TEST_F(CowArenaTest, Verify_FindsVirtualTablesOfElements) {
  struct Shape {
    virtual ~Shape() = default;
  };
  if (ProgramLiesLow()) GTEST_SKIP() << kLow;
  const absl::Status found = VerifyOf<std::pmr::vector<Shape>>([](auto& shapes) { shapes.resize(7); });
  EXPECT_THAT(found, IsError(absl::StatusCode::kFailedPrecondition, "7 words point out of it"));
}

TEST_F(CowArenaTest, Verify_TakesNumbersForNumbers) {
  const absl::Status found = VerifyOf<Numbers>([](Numbers& numbers) {
    // No process has anything at these: below 64 KiB, or in the upper half.
    for (int64_t i = 0; i < 65'536; ++i) numbers.push_back(i);
    for (int64_t i = 1; i < 100'000; ++i) numbers.push_back(i * -1'000'003);
  });
  EXPECT_OK(found);
}

TEST_F(CowArenaTest, Verify_IsPartOfMakeCow_WhereAsked) {
  const OtherPlace other_place;
  const auto build = [](auto& people) { people.push_back({kLong}); };
  EXPECT_FALSE((MakeCow<std::pmr::vector<Person>, true>(build).ok()));
  EXPECT_TRUE((MakeCow<std::pmr::vector<Person>, false>(build).ok()));
}

}  // namespace
}  // namespace progeny
