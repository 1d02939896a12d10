// Forks made by code that knows nothing of progeny, beside a Cow.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "progeny/cow.h"
#include "progeny/process.h"
#include "support/cow_table.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::Table;

constexpr int kWrong = 90;

// Exit code of a child made by a plain fork().
template <class Body>
int InPlainFork(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

class CowForkTest : public tests::LeakFreeTest {
 protected:
  void SetUp() override {
    LeakFreeTest::SetUp();
    absl::StatusOr<Cow<Table>> table = tests::MakeTable();
    ASSERT_OK(table);
    table_ = *std::move(table);
    frozen_ = tests::Describe(*table_);
  }
  void TearDown() override {
    table_ = {};
    LeakFreeTest::TearDown();
  }

  bool IsFrozen() const { return tests::Describe(*table_) == frozen_; }

  Cow<Table> table_;
  std::string frozen_;
};

TEST_F(CowForkTest, ForeignFork_GetsTheFrozenBytes_WhateverTheOwnerHasWritten) {
  EXPECT_EQ(InPlainFork([&] { return IsFrozen() ? 5 : kWrong; }), 5);
  Table* mine = *table_.Mutable();
  mine->numbers[0] = -1;
  mine->names[300] = "memory of the owner's own, a good deal of it, so that it is not kept in place";
  EXPECT_FALSE(IsFrozen());
  const int seen = InPlainFork([&] {
    if (!IsFrozen()) return kWrong;
    if (*table_.copied_bytes() != 0) return kWrong + 1;
    // The owner may write, so its copy may: its growth begins anew.
    mine->numbers[0] = -2;
    mine->names[301] = "memory of the child's own, a good deal of it, so that it is not kept in place";
    if (mine->names.size() != 21 || mine->numbers[0] != -2) return kWrong + 2;
    return InPlainFork([&] { return IsFrozen() && mine->names.size() == 20 ? 6 : kWrong + 3; });
  });
  EXPECT_EQ(seen, 6) << "the grandchild, too";
  EXPECT_EQ(mine->numbers[0], -1);
  EXPECT_EQ(mine->names.size(), 21U);
}

TEST_F(CowForkTest, ForeignFork_DuringTheBuild_DoesNotStandInTheWayOfTheFreeze) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  pid_t child = -1;
  const auto table = MakeCow<std::pmr::vector<int>>([&](auto& numbers) {
    numbers.assign(1000, 4);
    child = fork();
    if (child != 0) return;
    char end = 0;
    close(told[1]);
    (void)!read(told[0], &end, 1);  // until the parent is done
    _exit(0);
  });
  close(told[1]);
  close(told[0]);
  EXPECT_OK(table);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

// Under TSan this is the test of the locks: views come and go in two threads while a third one forks.
TEST_F(CowForkTest, Forks_WhileArenasComeAndGo_FindEachViewWholeOrNotAtAll) {
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  const auto come_and_go = [&] {
    while (!stop) {
      const auto numbers = MakeCow<std::pmr::vector<int>>(
          [](auto& n) { n.assign(5000, 9); }, {.reserve = 1 << 20});
      if (!numbers.ok() || (*numbers)->back() != 9) ++wrong;
      if (numbers.ok()) (**numbers->Mutable())[0] = 1;
    }
  };
  std::thread first(come_and_go), second(come_and_go);
  for (int i = 0; i < 60; ++i) {
    const int code = InPlainFork([&] {
      const Cow<Table> again = table_;
      return IsFrozen() && tests::Describe(*again) == frozen_ ? 0 : kWrong;
    });
    EXPECT_EQ(code, 0);
  }
  stop = true;
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(CowForkTest, ReadersInOtherThreads_NeverSeeAnythingElse_WhileOneMakesItWritable) {
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    do {
      if (table_->numbers[777] != 777) ++wrong;
    } while (!stop);
  });
  Table* mine = *table_.Mutable();
  for (int i = 0; i < 700; ++i) mine->numbers[static_cast<size_t>(i)] = -i;
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace progeny
