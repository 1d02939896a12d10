// What a Cow costs each child: nothing to hold or to read, what it writes, and that can be told.
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "progeny/cow.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"

namespace progeny {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kPage = 4096;

struct Block {
  static constexpr int64_t kBytes = 128 * kMiB;
  static constexpr int64_t kPages = kBytes / kPage;
  char bytes[kBytes];
};

absl::StatusOr<Cow<Block>> MakeBlock() {
  absl::StatusOr<CowArena> arena = CowArena::Create();
  if (!arena.ok()) return arena.status();
  void* place = arena->resource()->allocate(sizeof(Block), kPage);
  std::memset(place, 3, sizeof(Block));
  if (absl::Status frozen = arena->Freeze(); !frozen.ok()) return frozen;
  return arena->Share(static_cast<const Block*>(place));
}

// What a child does, in steps that the parent asks for, one line each.
int Child(Cow<Block> block) {
  tests::Say("ready");
  for (char step = 0; std::fread(&step, 1, 1, stdin) == 1;) {
    int64_t sum = 0;
    if (step == 'r') {
      for (int64_t i = 0; i < Block::kBytes; i += kPage) sum += block->bytes[i];
      if (sum != 3 * Block::kPages) return tests::kWrongValue;
    }
    if (step == 'w') {
      absl::StatusOr<Block*> mine = block.Mutable();
      if (!mine.ok()) return tests::kChildFailed;
      for (int64_t page = 0; page < Block::kPages; page += 10) (*mine)->bytes[page * kPage] = 4;
    }
    tests::Say(absl::StrCat(*block.copied_bytes()));
  }
  return 0;
}

class CowMemoryTest : public tests::EveryMethod {
 protected:
  struct Measured {
    int64_t copied = 0;  // as the child counts it
    MemoryUsage usage;
  };

  absl::StatusOr<Process> Start(const Cow<Block>& block) {
    ProcessOptions options = Talking();
    options.in = Stdio::Pipe();
    absl::StatusOr<Process> child = Process::Start(options, fn<&Child>, block);
    if (!child.ok()) return child;
    EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    return child;
  }
  Measured After(char step, Process& child) {
    EXPECT_OK(child.in()->Write(std::string(1, step)));
    Measured measured;
    EXPECT_TRUE(absl::SimpleAtoi(tests::ReadLine(child.out()), &measured.copied));
    const absl::StatusOr<MemoryUsage> usage = child.Memory();
    EXPECT_OK(usage);
    if (usage.ok()) measured.usage = *usage;
    return measured;
  }
};
PROGENY_FOR_EVERY_METHOD(CowMemoryTest);

TEST_P(CowMemoryTest, ReadingAllOfIt_MakesNothingUnique_WritingATenth_MakesATenthUnique) {
  const absl::StatusOr<Cow<Block>> block = MakeBlock();
  ASSERT_OK(block);
  for (int i = 0; i < 2; ++i) {
    absl::StatusOr<Process> child = Start(*block);
    ASSERT_OK(child);
    const Measured before = After('.', *child);
    const Measured read = After('r', *child);
    const Measured written = After('w', *child);
    EXPECT_EQ(read.copied, 0);
    EXPECT_EQ(written.copied, (Block::kPages + 9) / 10 * kPage);
    child->in()->Close();
    EXPECT_EQ(child->Join(tests::kPatience)->ToString(), "exit code 0");
    if (tests::kSanitized || !before.usage.unique) {
      std::printf("unique bytes aren't looked at: %s\n",
                  tests::kSanitized ? "a sanitizer's own memory drowns them" : "this system can't tell them");
      continue;
    }
    EXPECT_GT(*read.usage.resident, Block::kBytes) << "resident alone misleads";
    EXPECT_LT(*read.usage.unique - *before.usage.unique, kMiB);
    EXPECT_NEAR(*written.usage.unique - *read.usage.unique, Block::kBytes / 10, kMiB);
  }
  EXPECT_EQ(*block->copied_bytes(), 0);
}

// 5. "Copy-on-write is eroded by writes that nobody meant": shown for each child, exactly.
TEST_P(CowMemoryTest, Pain5_WritesThatNobodyMeant_AreShownForEachChild) {
  const absl::StatusOr<Cow<Block>> block = MakeBlock();
  ASSERT_OK(block);
  absl::StatusOr<Process> careful = Start(*block);
  absl::StatusOr<Process> careless = Start(*block);
  ASSERT_OK(careful);
  ASSERT_OK(careless);
  const Measured read = After('r', *careful);
  const Measured eroded = After('w', *careless);
  EXPECT_EQ(read.copied, 0);
  EXPECT_EQ(eroded.copied, (Block::kPages + 9) / 10 * kPage);
  if (!tests::kSanitized && read.usage.copied && eroded.usage.copied) {
    EXPECT_GT(*eroded.usage.copied, *read.usage.copied + Block::kBytes / 11) << "seen from the parent, too";
  }
  for (absl::StatusOr<Process>* child : {&careful, &careless}) (*child)->in()->Close();
}

TEST_P(CowMemoryTest, MoreChildren_TakeNoMoreMemoryOfTheMachine) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer's own memory drowns the figures";
  const absl::StatusOr<Cow<Block>> block = MakeBlock();
  ASSERT_OK(block);
  std::vector<Process> children;
  int64_t proportional = 0;
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<Process> child = Start(*block);
    ASSERT_OK(child);
    (void)After('r', *child);
    children.push_back(*std::move(child));
  }
  for (Process& child : children) {
    const absl::StatusOr<MemoryUsage> usage = child.Memory();
    ASSERT_OK(usage);
    if (!usage->proportional) GTEST_SKIP() << "this system can't tell proportional memory";
    proportional += *usage->proportional;
  }
  EXPECT_LT(proportional, Block::kBytes) << "three children and the parent share it";
  for (Process& child : children) child.in()->Close();
}

}  // namespace
}  // namespace progeny
