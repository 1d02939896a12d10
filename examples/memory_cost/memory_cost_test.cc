// What memory_cost shows must be so: at a small size, with the same children.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "experiment.h"
#include "findings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "options.h"
#include "print.h"

namespace memory_cost {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kTableBytes = 32 * kMiB;

constexpr absl::string_view kSanitizers = SANITIZERS;  // from CMake
// It writes to its own memory when a program reads: nothing stays shared.
constexpr bool kThreadSanitized = kSanitizers == "thread";
// It reads a shadow of its own when a program reads, which some kernels count as unique.
constexpr int64_t kShadow = kSanitizers.empty() ? 0 : kTableBytes / 8;

const Report& SmallReport() {
  static const absl::StatusOr<Report>& report =
      *new absl::StatusOr<Report>(RunExperiment(kTableBytes, 2));
  if (!report.ok()) {
    ADD_FAILURE() << report.status();
    std::abort();
  }
  return *report;
}

const Row* RowOf(Passing passing, Access access) {
  for (const Row& row : SmallReport().rows) {
    if (row.what.passing == passing && row.what.access == access) return &row;
  }
  return nullptr;
}

const Row* CowRowOf(progeny::StartMethod method, Access access) {
  for (const Row& row : SmallReport().rows) {
    const bool fits = row.what.start_method == method && row.what.access == access;
    if (fits && row.what.passing == Passing::kInCow) return &row;
  }
  return nullptr;
}

// Of the row, or a skip: unique bytes in parts of the table.
#define UNIQUE_SHARE_OR_SKIP(share, passing, access)                                       \
  const Row* row_##share = RowOf(passing, access);                                         \
  if (row_##share == nullptr) GTEST_SKIP() << "this system does not start children so";    \
  if (!row_##share->each.unique) GTEST_SKIP() << "this system does not tell unique bytes"; \
  if (kThreadSanitized) GTEST_SKIP() << "ThreadSanitizer's own memory hides it";           \
  const double share = static_cast<double>(*row_##share->each.unique) / kTableBytes

TEST(MemoryCost, ForkedChild_HavingRead_SharesTheTable) {
  UNIQUE_SHARE_OR_SKIP(share, Passing::kInherited, Access::kRead);
  EXPECT_LT(share, 0.5);
}

TEST(MemoryCost, ForkedChild_HavingWritten_OwnsACopy) {
  UNIQUE_SHARE_OR_SKIP(share, Passing::kInherited, Access::kWrite);
  EXPECT_GT(share, 0.95);
}

TEST(MemoryCost, SpawnedChild_NotPassedTheTable_DoesNotHaveIt) {
  UNIQUE_SHARE_OR_SKIP(share, Passing::kNotPassed, Access::kNone);
  EXPECT_EQ(row_share->numbers_seen, 0);
  EXPECT_LT(share, 0.5);
}

TEST(MemoryCost, SpawnedChild_PassedTheTableByValue_OwnsACopyEvenIfItOnlyReads) {
  UNIQUE_SHARE_OR_SKIP(share, Passing::kByValue, Access::kRead);
  EXPECT_EQ(row_share->numbers_seen * static_cast<int64_t>(sizeof(int64_t)), kTableBytes);
  EXPECT_GT(share, 0.95);
}

TEST(MemoryCost, TableInACow_IsReadByEveryChildForNothing_AndATenthWrittenIsATenthCopied) {
  if (kThreadSanitized) GTEST_SKIP() << "ThreadSanitizer's own memory hides it";
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    const Row* idle = CowRowOf(method, Access::kNone);
    const Row* read = CowRowOf(method, Access::kRead);
    const Row* tenth = CowRowOf(method, Access::kWriteTenth);
    const Row* all = CowRowOf(method, Access::kWrite);
    for (const Row* row : {idle, read, tenth, all}) {
      ASSERT_NE(row, nullptr) << progeny::Name(method);
      EXPECT_EQ(row->numbers_seen * static_cast<int64_t>(sizeof(int64_t)), kTableBytes);
      if (!row->each.unique) GTEST_SKIP() << "this system does not tell unique bytes";
    }
    // A child's own memory, without the table, is what one has that only exists.
    EXPECT_LT(*read->each.unique - *idle->each.unique, kMiB + kShadow) << progeny::Name(method);
    EXPECT_NEAR(*tenth->each.unique - *read->each.unique, kTableBytes / 10, kMiB) << progeny::Name(method);
    EXPECT_NEAR(*all->each.unique - *read->each.unique, kTableBytes, kMiB) << progeny::Name(method);
  }
}

TEST(MemoryCost, EveryStartMethod_HasSevenRows_AndBothPrintsShowThem) {
  const Report& report = SmallReport();
  ASSERT_THAT(report.rows, SizeIs(7 * progeny::AvailableStartMethods().size()));
  const std::string table = AsTable(report);
  const std::string json = AsJson(report);
  EXPECT_EQ(std::count(json.begin(), json.end(), '{'), 1 + static_cast<int>(report.rows.size()));
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    EXPECT_THAT(table, HasSubstr(absl::StrCat("\n", progeny::Name(method))));
    EXPECT_THAT(json, HasSubstr(absl::StrCat("\"start_method\": \"", progeny::Name(method))));
  }
  for (const std::string& finding : Findings(report)) EXPECT_THAT(table, HasSubstr(finding));
}

TEST(FittingTable, LargerThanMemory_IsReduced_AndTheTableSaysSo) {
  EXPECT_EQ(FittingTable(kTableBytes, 4, 1024 * kMiB), kTableBytes);
  const int64_t reduced = FittingTable(1024 * kMiB, 4, 1024 * kMiB);
  EXPECT_LT(reduced * 8, 1024 * kMiB);
  const Report report{.requested_bytes = 1024 * kMiB, .table_bytes = reduced, .children = 4};
  EXPECT_THAT(AsTable(report), HasSubstr("reduced from 1024.0 to 102.0 MiB"));
  EXPECT_THAT(AsJson(report), HasSubstr("\"reduced\": true"));
}

TEST(Options, Sizes_AreReadWithSuffixes_AndNonsenseIsRefused) {
  EXPECT_EQ(*ParseSize("1GiB"), 1024 * kMiB);
  EXPECT_EQ(*ParseSize("1.5g"), 1536 * kMiB);
  EXPECT_EQ(*ParseSize("2048K"), 2 * kMiB);
  EXPECT_EQ(*ParseSize("1048576"), kMiB);
  for (const char* bad : {"", "nan", "inf", "-1GiB", "4096", "1e300", "big", "GiB"}) {
    EXPECT_EQ(ParseSize(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(Options, Arguments_InBothForms_AreTheSame) {
  absl::StatusOr<Options> options = ParseOptions({"--size=2GiB", "--children", "3", "--json"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->table_bytes, 2048 * kMiB);
  EXPECT_EQ(options->children, 3);
  EXPECT_EQ(options->format, Format::kJson);
  EXPECT_FALSE(ParseOptions({"--children", "0"}).ok());
  EXPECT_FALSE(ParseOptions({"--size"}).ok());
  EXPECT_FALSE(ParseOptions({"table"}).ok());
}

}  // namespace
}  // namespace memory_cost
