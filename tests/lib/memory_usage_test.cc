#include "progeny/memory_usage.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace progeny {
namespace {

constexpr int64_t kBlock = int64_t{64} << 20;
constexpr int64_t kMostOfBlock = kBlock / 10 * 9;

TEST(GetMemoryUsage, WithoutAnId_IsOfThisProcess) {
  const absl::StatusOr<MemoryUsage> before = GetMemoryUsage();
  // Volatile: a compiler may leave out memory that nobody looks at, the allocation included.
  const std::unique_ptr<volatile char[]> block(new volatile char[kBlock]);
  for (int64_t at = 0; at < kBlock; at += 4096) block[at] = 'x';
  const absl::StatusOr<MemoryUsage> after = GetMemoryUsage(this_process::id());
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_TRUE(after.ok()) << after.status();
  ASSERT_TRUE(before->resident.has_value() && after->resident.has_value());
  EXPECT_GT(*after->resident - *before->resident, kMostOfBlock);
  if (!after->unique.has_value()) GTEST_SKIP() << "this system tells nothing but resident";
  EXPECT_GT(*after->unique - *before->unique, kMostOfBlock);
  EXPECT_GT(after->copied.value() - before->copied.value(), kMostOfBlock);
}

TEST(GetMemoryUsage, SharedAndUnique_MakeUpResident) {
  const absl::StatusOr<MemoryUsage> usage = GetMemoryUsage();
  ASSERT_TRUE(usage.ok()) << usage.status();
  if (!usage->unique.has_value()) GTEST_SKIP() << "this system tells nothing but resident";
  EXPECT_EQ(*usage->unique + usage->shared.value(), *usage->resident);
}

TEST(GetMemoryUsage, OfNoProcess_IsNotFoundNamingIt) {
  const absl::Status status = GetMemoryUsage(2147483646).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "2147483646")) << status;
}

TEST(GetMemoryUsage, OfANegativeId_IsInvalidArgument) {
  EXPECT_TRUE(absl::IsInvalidArgument(GetMemoryUsage(-1).status()));
}

TEST(GetSystemMemory, AvailableIsAPartOfTotal) {
  const absl::StatusOr<SystemMemory> memory = GetSystemMemory();
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_GT(memory->available, 0);
  EXPECT_LE(memory->available, memory->total);
}

}  // namespace
}  // namespace progeny
