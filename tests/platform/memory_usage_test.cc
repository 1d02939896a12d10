#include "platform/memory_usage.h"

#include <limits>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "platform/host.h"

namespace progeny::platform {
namespace {

constexpr size_t kBlock = size_t{64} << 20;
constexpr int64_t kMostOfBlock = kBlock / 10 * 9;

TEST(MemoryUsage, OfThisProcess_TellsResidentAndAgreesWithItself) {
  const absl::StatusOr<MemoryUsage> usage = GetMemoryUsage(CurrentProcessId());
  ASSERT_TRUE(usage.ok()) << usage.status();
  ASSERT_TRUE(usage->resident.has_value());
  EXPECT_GT(*usage->resident, 0);
  if (!usage->unique.has_value()) GTEST_SKIP() << "this system tells nothing but resident";
  ASSERT_TRUE(usage->shared.has_value());
  EXPECT_GE(*usage->unique, 0);
  EXPECT_GE(*usage->shared, 0);
  EXPECT_LE(*usage->unique, *usage->resident);
  if (usage->proportional.has_value()) {
    EXPECT_GE(*usage->proportional, *usage->unique);
    EXPECT_LE(*usage->proportional, *usage->resident);
  }
  if (usage->copied.has_value()) {
    EXPECT_LE(*usage->copied, *usage->unique);
  }
}

TEST(MemoryUsage, WrittenMemory_IsResidentUniqueAndCopied) {
  const absl::StatusOr<MemoryUsage> before = GetMemoryUsage(CurrentProcessId());
  // Volatile: a compiler may leave out memory that nobody looks at, the allocation included.
  const std::unique_ptr<volatile char[]> block(new volatile char[kBlock]);
  for (size_t at = 0; at < kBlock; at += 4096) block[at] = 'x';
  const absl::StatusOr<MemoryUsage> after = GetMemoryUsage(CurrentProcessId());
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GT(*after->resident - *before->resident, kMostOfBlock);
  if (!after->unique.has_value()) GTEST_SKIP() << "this system tells nothing but resident";
  // Pages of libraries, unique while nobody else runs them, become shared when somebody does: some MiB.
  EXPECT_GT(*after->unique - *before->unique, kMostOfBlock - int64_t{kBlock / 5});
  EXPECT_GT(after->copied.value() - before->copied.value(), kMostOfBlock);
}

TEST(MemoryUsage, OfNoProcess_IsNotFoundNamingIt) {
  for (const int64_t id : {int64_t{2147483646}, std::numeric_limits<int64_t>::max()}) {
    const absl::Status status = GetMemoryUsage(id).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), std::to_string(id))) << status;
  }
}

TEST(MemoryUsage, OfAnIdThatIsNotPositive_IsInvalidArgument) {
  EXPECT_TRUE(absl::IsInvalidArgument(GetMemoryUsage(0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GetMemoryUsage(-1).status()));
}

TEST(SystemMemory, AvailableIsAPartOfTotal) {
  const absl::StatusOr<SystemMemory> memory = GetSystemMemory();
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_GT(memory->total, int64_t{64} << 20);
  EXPECT_GT(memory->available, 0);
  EXPECT_LE(memory->available, memory->total);
}

}  // namespace
}  // namespace progeny::platform
