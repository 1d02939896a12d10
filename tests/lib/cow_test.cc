// What children see of a Cow: the same bytes at the same address, and nobody else's writes.
#include "progeny/cow.h"

#include <cstring>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/cow_table.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Table;

class CowTest : public tests::EveryMethod {
 protected:
  void SetUp() override {
    EveryMethod::SetUp();
    absl::StatusOr<Cow<Table>> table = tests::MakeTable();
    ASSERT_OK(table);
    table_ = *std::move(table);
  }
  void TearDown() override {
    table_ = {};
    EveryMethod::TearDown();
  }

  Cow<Table> table_;
};
PROGENY_FOR_EVERY_METHOD(CowTest);

std::string Look(Cow<Table> table) { return tests::Describe(*table); }

TEST_P(CowTest, Argument_HasTheSameBytes_AtTheSameAddress) {
  const absl::StatusOr<std::string> seen = Call(Options(), fn<&Look>, table_);
  ASSERT_OK(seen);
  EXPECT_EQ(*seen, tests::Describe(*table_));
}

struct Order {
  std::string who;
  std::vector<Cow<Table>> tables;
  Cow<Table> none;
};

std::string LookAtAll(Order order) {
  std::string text = order.who;
  for (const Cow<Table>& table : order.tables) text += tests::Describe(*table);
  if (order.none) text += "an empty one came as something";
  return text;
}

TEST_P(CowTest, Argument_MayStandInsideOfStructsAndVectors) {
  const absl::StatusOr<Cow<Table>> other = tests::MakeTable(11);
  ASSERT_OK(other);
  const Order order{"who", {table_, *other, table_}, {}};
  const absl::StatusOr<std::string> seen = Call(Options(), fn<&LookAtAll>, order);
  ASSERT_OK(seen);
  EXPECT_EQ(*seen, LookAtAll(order));
}

std::string Scribble(Cow<Table> table, int mark) {
  absl::StatusOr<Table*> mine = table.Mutable();
  if (!mine.ok()) return mine.status().ToString();
  (*mine)->numbers[0] = mark;
  (*mine)->names[1] = "scribbled over by a child, at some length";
  (*mine)->names[100 + mark] = "a new element that needs memory of its own";
  return tests::Describe(*table);
}

TEST_P(CowTest, Writes_OfAChild_AreSeenByNobodyElse) {
  const std::string before = tests::Describe(*table_);
  for (int mark : {1, 2}) {
    const absl::StatusOr<std::string> seen = Call(Options(), fn<&Scribble>, table_, mark);
    ASSERT_OK(seen);
    EXPECT_NE(*seen, before);
    EXPECT_THAT(*seen, testing::HasSubstr("scribbled over"));
    EXPECT_EQ(tests::Describe(*table_), before);
  }
}

TEST_P(CowTest, Writes_OfTheOwner_AreNotSeenByChildren_WhoBeginWithTheFrozenBytes) {
  const std::string before = tests::Describe(*table_);
  const std::string after = Scribble(table_, 3);
  EXPECT_NE(after, before);
  for (int i = 0; i < 2; ++i) {
    const absl::StatusOr<std::string> seen = Call(Options(), fn<&Look>, table_);
    ASSERT_OK(seen);
    EXPECT_EQ(*seen, before);
  }
  EXPECT_EQ(tests::Describe(*table_), after);
}

// In the child the pages of the owner's growth are empty, and its own growth begins anew.
TEST_P(CowTest, Growth_InEveryProcess_IsItsOwn) {
  (void)Scribble(table_, 3);
  const absl::StatusOr<std::string> seen = Call(Options(), fn<&Scribble>, table_, 4);
  ASSERT_OK(seen);
  const absl::StatusOr<std::string> again = Call(Options(), fn<&Scribble>, table_, 4);
  ASSERT_OK(again);
  EXPECT_EQ(*seen, *again);
  EXPECT_THAT(*seen, testing::HasSubstr(" 104="));
  EXPECT_THAT(*seen, testing::Not(testing::HasSubstr(" 103=")));
}

std::string PassOn(Cow<Table> table, StartMethod method, int depth) {
  if (depth == 0) return Scribble(table, 5);
  // What stands between must not show below.
  (void)Scribble(table, 6);
  absl::StatusOr<std::string> seen =
      Call({.start_method = method}, fn<&PassOn>, table, method, depth - 1);
  return seen.ok() ? *seen : seen.status().ToString();
}

TEST_P(CowTest, Grandchildren_BeginWithTheFrozenBytes) {
  const absl::StatusOr<std::string> child = Call(Options(), fn<&Scribble>, table_, 5);
  ASSERT_OK(child);
  for (StartMethod inner : AvailableStartMethods()) {
    const absl::StatusOr<std::string> seen = Call(Options(), fn<&PassOn>, table_, inner, 2);
    ASSERT_OK(seen);
    EXPECT_EQ(*seen, *child) << Name(inner);
  }
}

std::string TwoHandles(Cow<Table> one, Cow<Table> other) {
  if (&*one != &*other) return "two views";
  Table* mine = *one.Mutable();
  mine->numbers[0] = 77;
  const Cow<Table> third = other;
  one = {};
  return third->numbers[0] == 77 ? "one view" : "two contents";
}

TEST_P(CowTest, Handles_OfOneProcess_ShareOneView) {
  EXPECT_EQ(*Call(Options(), fn<&TwoHandles>, table_, table_), "one view");
}

int64_t WaitAndLook(Cow<Table> table) {
  tests::Say("ready");
  if (!tests::WaitUntil(&this_process::StopRequested, 2 * kPatience)) return -1;
  int64_t sum = 0;
  for (int64_t number : table->numbers) sum += number;
  return sum;
}

int ExitWithLook(Cow<Table> table) { return WaitAndLook(std::move(table)) == tests::kTableSum ? 42 : 43; }

TEST_P(CowTest, Destruction_OfTheOwnersHandle_LeavesChildrenTheirs) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&ExitWithLook>, table_);
  ASSERT_OK(child);
  ASSERT_EQ(tests::ReadLine(child->out()), "ready");
  table_ = {};
  ASSERT_OK(child->RequestStop());
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  ASSERT_OK(end);
  EXPECT_EQ(end->ToString(), "exit code 42");
}

int64_t SumOf(std::vector<Cow<std::pmr::vector<int64_t>>> tables) {
  int64_t sum = 0;
  for (const auto& table : tables) sum += table->back();
  return sum;
}

TEST_P(CowTest, ManyArenas_TravelTogether) {
  constexpr int kMany = 40;
  std::vector<Cow<std::pmr::vector<int64_t>>> tables;
  int64_t expected = 0;
  for (int i = 0; i < kMany; ++i) {
    auto table = MakeCow<std::pmr::vector<int64_t>>(
        [&](auto& numbers) { numbers.assign(10, i); }, {.reserve = 1 << 20});
    ASSERT_OK(table);
    tables.push_back(*table);
    expected += i;
  }
  const absl::StatusOr<int64_t> sum = Call(Options(), fn<&SumOf>, tables);
  ASSERT_OK(sum);
  EXPECT_EQ(*sum, expected);
}

TEST_P(CowTest, Result_CannotBeACow_AndSaysHowItTravels) {
  const absl::StatusOr<Cow<Table>> result = Call(Options(), [](Cow<Table> table) { return table; }, table_);
  EXPECT_THAT(result, IsError(absl::StatusCode::kInvalidArgument, "pass it as an argument"));
}

// Function objects carry one as their state.
struct Counter {
  Cow<Table> table;
  int64_t operator()(int64_t more) const { return table->numbers[1] + more; }
};

TEST_P(CowTest, State_OfAFunctionObject_MayBeACow) {
  EXPECT_EQ(*Call(Options(), Counter{table_}, 5), table_->numbers[1] + 5);
}

int64_t Copied(Cow<Table> table) {
  if (*table.copied_bytes() != 0) return -1;
  int64_t sum = 0;
  for (int64_t number : table->numbers) sum += number;
  if (sum != tests::kTableSum || *table.copied_bytes() != 0) return -2;
  Table* mine = *table.Mutable();
  if (*table.copied_bytes() != 0) return -3;
  mine->numbers[0] = 1;
  mine->numbers[1] = 1;
  return *table.copied_bytes();
}

TEST_P(CowTest, CopiedBytes_AreExact) {
  const absl::StatusOr<int64_t> copied = Call(Options(), fn<&Copied>, table_);
  ASSERT_OK(copied);
  EXPECT_EQ(*copied, 4096);
  EXPECT_EQ(*table_.copied_bytes(), 0);
}

TEST_P(CowTest, Populated_LooksTheSame) {
  const absl::StatusOr<Cow<Table>> table =
      tests::MakeTable(7, {.huge_pages = HugePages::kCollapse, .populate = true});
  ASSERT_OK(table);
  EXPECT_EQ(*Call(Options(), fn<&Look>, *table), tests::Describe(**table));
  EXPECT_THAT(*Call(Options(), fn<&Scribble>, *table, 1), testing::HasSubstr("scribbled"));
}

// ---- Process::Fork and forks made by others

class ForkedCowTest : public tests::LeakFreeTest {};

TEST_F(ForkedCowTest, Fork_OfAnyCallable_SeesTheFrozenBytes) {
  if (!tests::HasFork()) GTEST_SKIP() << "no fork here";
  const absl::StatusOr<Cow<Table>> table = tests::MakeTable();
  ASSERT_OK(table);
  const std::string before = tests::Describe(**table);
  const std::string after = Scribble(*table, 3);
  absl::StatusOr<Process> child = Process::Fork([&] {
    if (tests::Describe(**table) != before) return 2;
    if (Scribble(*table, 4) == after) return 3;
    if (*table->copied_bytes() == 0) return 4;
    return 0;
  });
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->ToString(), "exit code 0");
  EXPECT_EQ(tests::Describe(**table), after);
}

TEST_F(ForkedCowTest, ArenaThatIsBeingBuilt_IsOfNoUseInAForkedChild) {
  if (!tests::HasFork()) GTEST_SKIP() << "no fork here";
  absl::StatusOr<CowArena> arena = CowArena::Create({.reserve = 1 << 20});
  ASSERT_OK(arena);
  auto* number = static_cast<int*>(arena->resource()->allocate(sizeof(int)));
  *number = 5;
  absl::StatusOr<Process> child = Process::Fork([&] {
    if (arena->Freeze().code() != absl::StatusCode::kFailedPrecondition) return 2;
    if (arena->Verify().code() != absl::StatusCode::kFailedPrecondition) return 3;
    try {
      (void)arena->resource()->allocate(4);
      return 4;
    } catch (const std::bad_alloc&) {
    }
    return 0;
  });
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->ToString(), "exit code 0");
  // The child stood in the way of nothing.
  EXPECT_OK(arena->Freeze());
  EXPECT_EQ(*number, 5);
}

}  // namespace
}  // namespace progeny
