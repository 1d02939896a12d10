// A family of processes, looked at over time.
#include "progeny/memory_report.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tests::IsError;
using tests::kPatience;
using tests::WaitUntil;

// As often as it can: tests wait for what a reading shows, not for a time.
MemoryReportOptions Eager() {
  MemoryReportOptions options;
  options.interval = absl::Milliseconds(2);
  options.cpu_share = 1;
  return options;
}

MemoryRecord RecordOf(const MemoryReport& report) {
  return report.record().value_or(MemoryRecord());
}

const ProcessMemory* Find(const MemoryRecord& record, ProcessId id) {
  for (const ProcessMemory& process : record.processes) {
    if (process.id == id) return &process;
  }
  return nullptr;
}

bool SeesTheEndOf(const MemoryReport& report, ProcessId id) {
  const MemoryRecord record = RecordOf(report);
  const ProcessMemory* const process = Find(record, id);
  return process != nullptr && process->ended;
}

class MemoryReportTest : public tests::LeakFreeTest {};
class MemoryReportOfChildren : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(MemoryReportOfChildren);

TEST_P(MemoryReportOfChildren, AChild_HasARowFromItsStartToItsEnd) {
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(Eager());
  ASSERT_OK(report);
  ProcessOptions options = Talking();
  options.name = "reader-1";
  absl::StatusOr<Process> child = Process::Start(options, fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  ASSERT_EQ(tests::ReadLine(child->out()), "ready");
  // A look at the very moment of its start finds a copy of this program without a name yet.
  ASSERT_TRUE(WaitUntil([&] {
    const MemoryRecord now = RecordOf(*report);
    const ProcessMemory* const seen = Find(now, child->id());
    return seen != nullptr && seen->name == "reader-1" && !seen->samples.empty();
  }));
  ASSERT_OK(child->RequestStop());
  ASSERT_OK(child->Join(kPatience));
  ASSERT_TRUE(WaitUntil([&] { return SeesTheEndOf(*report, child->id()); }));
  ASSERT_OK(report->Stop());

  const MemoryRecord record = RecordOf(*report);
  const ProcessMemory* const row = Find(record, child->id());
  const ProcessMemory* const self = Find(record, this_process::id());
  ASSERT_NE(row, nullptr);
  ASSERT_NE(self, nullptr);
  EXPECT_EQ(row->name, "reader-1");
  // A fork server's child is the server's where it can't be its client's.
  if (Options().start_method != StartMethod::kForkServer) {
    EXPECT_EQ(row->parent_id, this_process::id());
  }
  EXPECT_LE(row->first_seen, row->last_seen);
  EXPECT_GT(row->peak.resident.value_or(0), 0);
  EXPECT_FALSE(self->ended);
  EXPECT_GE(record.peak.resident.value_or(0), self->samples.front().usage.resident.value_or(0));
}

TEST_P(MemoryReportOfChildren, AReportOfAChild_EndsWithIt) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  ASSERT_EQ(tests::ReadLine(child->out()), "ready");
  MemoryReportOptions options = Eager();
  options.root = child->id();
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(options);
  ASSERT_OK(report);
  EXPECT_TRUE(report->running());
  ASSERT_OK(child->RequestStop());
  ASSERT_OK(child->Join(kPatience));
  EXPECT_TRUE(WaitUntil([&] { return !report->running(); }));
  const MemoryRecord record = RecordOf(*report);
  ASSERT_FALSE(record.processes.empty());
  EXPECT_EQ(record.processes.front().id, child->id());
  EXPECT_TRUE(record.processes.front().ended);
  EXPECT_EQ(Find(record, this_process::id()), nullptr);
}

TEST_F(MemoryReportTest, AForkedReader_IsBigInResidentAndSmallInUnique) {
  if (!tests::HasFork()) GTEST_SKIP() << "this system has no fork";
  constexpr size_t kBlock = size_t{64} << 20;
  const std::unique_ptr<volatile char[]> block(new volatile char[kBlock]);
  for (size_t at = 0; at < kBlock; at += 4096) block[at] = 'x';
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(Eager());
  ASSERT_OK(report);
  absl::StatusOr<Process> child = Process::Fork({.out = Stdio::Pipe()}, [&] {
    int64_t sum = 0;
    for (size_t at = 0; at < kBlock; at += 4096) sum += block[at];
    return sum > 0 ? tests::StayUntilStopped() : 1;
  });
  ASSERT_OK(child);
  ASSERT_EQ(tests::ReadLine(child->out()), "ready");
  const int64_t readings = RecordOf(*report).readings;
  ASSERT_TRUE(WaitUntil([&] { return RecordOf(*report).readings > readings + 1; }));
  ASSERT_OK(child->RequestStop());
  ASSERT_OK(child->Join(kPatience));
  ASSERT_OK(report->Stop());

  const MemoryRecord record = RecordOf(*report);
  const ProcessMemory* const row = Find(record, child->id());
  ASSERT_NE(row, nullptr);
  EXPECT_GT(row->peak.resident.value_or(0), int64_t{60} << 20);
  if (!row->peak.unique.has_value()) GTEST_SKIP() << "of a child this system tells resident only";
  EXPECT_LT(*row->peak.unique, int64_t{12} << 20);
  if (!record.peak.proportional.has_value()) return;
  EXPECT_LT(*record.peak.proportional, *record.peak.resident - (int64_t{50} << 20));
}

TEST_F(MemoryReportTest, Marks_AreKeptInTheirOrder) {
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(Eager());
  ASSERT_OK(report);
  ASSERT_OK(report->Mark("table loaded"));
  ASSERT_OK(report->Mark("</script><b>second"));
  ASSERT_OK(report->Stop());
  const MemoryRecord record = RecordOf(*report);
  ASSERT_EQ(record.marks.size(), 2u);
  EXPECT_EQ(record.marks[0].text, "table loaded");
  EXPECT_EQ(record.marks[1].text, "</script><b>second");
  EXPECT_LE(record.marks[0].at, record.marks[1].at);
  EXPECT_GE(record.duration, record.marks[1].at);
}

TEST_F(MemoryReportTest, TooManyMarks_AreRefused) {
  absl::StatusOr<MemoryReport> report = MemoryReport::Start();
  ASSERT_OK(report);
  for (int i = 0; i < 1000; ++i) ASSERT_OK(report->Mark("again"));
  EXPECT_THAT(report->Mark("one more"), IsError(absl::StatusCode::kResourceExhausted, "one more"));
  EXPECT_EQ(RecordOf(*report).marks.size(), 1000u);
}

TEST_F(MemoryReportTest, Stopped_ItKeepsWhatItHasFound) {
  absl::StatusOr<MemoryReport> report = MemoryReport::Start();
  ASSERT_OK(report);
  EXPECT_TRUE(report->running());
  ASSERT_OK(report->Stop());
  ASSERT_OK(report->Stop());
  EXPECT_FALSE(report->running());
  EXPECT_THAT(report->Mark("late"), IsError(absl::StatusCode::kFailedPrecondition, "stopped"));
  EXPECT_GE(RecordOf(*report).readings, 2);
  MemoryReport moved = *std::move(report);
  EXPECT_GE(RecordOf(moved).readings, 2);
  EXPECT_THAT(moved.ToTable(), HasSubstr("resident"));
}

TEST_F(MemoryReportTest, ALongReport_IsThinnedAndKeepsItsHighestFigures) {
  if (tests::UnderWine()) GTEST_SKIP() << "a look takes tens of milliseconds there, and a long report minutes";
  MemoryReportOptions options = Eager();
  options.interval = absl::Microseconds(10);
  options.max_figures = 100;
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(options);
  ASSERT_OK(report);
  ASSERT_TRUE(WaitUntil([&] { return RecordOf(*report).looks > 60; }));
  ASSERT_OK(report->Stop());
  const MemoryRecord record = RecordOf(*report);
  int64_t figures = static_cast<int64_t>(record.total.size());
  for (const ProcessMemory& process : record.processes) {
    figures += static_cast<int64_t>(process.samples.size());
  }
  EXPECT_LE(figures, options.max_figures);
  const auto is_brief = [](const MemorySample& sample) { return sample.brief; };
  if (std::any_of(record.total.begin(), record.total.end(),
                  is_brief)) {  // else looks leave nothing
    EXPECT_GE(figures, options.max_figures / 3);
  }
  ASSERT_GT(record.total.size(), 2u);
  const auto earlier = [](const MemorySample& a, const MemorySample& b) { return a.at < b.at; };
  EXPECT_TRUE(std::is_sorted(record.total.begin(), record.total.end(), earlier));
  for (const MemorySample& sample : record.total) {
    EXPECT_LE(sample.usage.resident.value_or(0), record.peak.resident.value_or(0));
  }
  // From the first reading to the last tenth.
  EXPECT_LT(record.total.front().at, record.duration / 10);
  EXPECT_GT(record.total.back().at, record.duration * 0.9);
}

TEST_F(MemoryReportTest, Reading_TakesLessThanItsShareOfACpu) {
  absl::StatusOr<MemoryReport> report = MemoryReport::Start({.interval = absl::Milliseconds(1)});
  ASSERT_OK(report);
  for (int round = 0; round < 2; ++round) {
    const MemoryRecord before = RecordOf(*report);
    const absl::Duration reading = before.reading / before.readings;
    if (reading > absl::Milliseconds(100)) GTEST_SKIP() << "a reading takes " << reading << " here, and its rest minutes";
    const auto rested = [&] {
      const MemoryRecord now = RecordOf(*report);
      return now.readings > before.readings && now.looks > before.looks + 1;
    };
    ASSERT_TRUE(WaitUntil(rested, tests::kPatience + 400 * reading));
    // The newest look and the newest reading began when all before them had been paid by rest.
    EXPECT_LE(before.reading, RecordOf(*report).duration / 100);
  }
}

TEST_F(MemoryReportTest, InAForkedChild_ItBelongsToTheParent) {
  if (!tests::HasFork()) GTEST_SKIP() << "this system has no fork";
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(Eager());
  ASSERT_OK(report);
  for (int i = 0; i < 20; ++i) {  // forks at whatever the thread is doing
    absl::StatusOr<Process> child = Process::Fork([&report] {
      const bool refused = absl::IsFailedPrecondition(report->Mark("mine")) &&
                           absl::IsFailedPrecondition(report->Stop()) &&
                           absl::IsFailedPrecondition(report->record().status());
      const bool idle = !report->running() && absl::StrContains(report->ToTable(), "0 processes");
      const MemoryReport gone = *std::move(report);
      return refused && idle ? 0 : 1;
    });
    ASSERT_OK(child);
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    ASSERT_OK(end);
    EXPECT_TRUE(end->ok()) << end->ToString();
  }
  EXPECT_TRUE(report->running());
  EXPECT_OK(report->Mark("still the parent's"));
}

TEST_F(MemoryReportTest, OptionsThatMakeNoSense_AreRefusedByName) {
  const auto refused = absl::StatusCode::kInvalidArgument;
  for (const absl::Duration bad : {absl::ZeroDuration(), absl::Seconds(-1)}) {
    EXPECT_THAT(MemoryReport::Start({.interval = bad}), IsError(refused, "interval"));
  }
  for (const double bad : {0.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(MemoryReport::Start({.cpu_share = bad}), IsError(refused, "cpu_share"));
  }
  EXPECT_THAT(MemoryReport::Start({.max_figures = 99}), IsError(refused, "max_figures"));
  EXPECT_THAT(MemoryReport::Start({.root = -1}), IsError(refused, "-1"));
}

TEST_F(MemoryReportTest, OfNoProcess_IsNotFoundNamingIt) {
  EXPECT_THAT(MemoryReport::Start({.root = 2147483646}),
              IsError(absl::StatusCode::kNotFound, "2147483646"));
}

// One process with a name that wants to be markup, figures of which some are absent.
MemoryRecord MadeUp() {
  MemoryRecord record;
  record.title = "evil </script><script>alert(1)</script>";
  record.root = 7;
  record.readings = 1;
  record.duration = absl::Seconds(1);
  record.interval = absl::Milliseconds(100);
  const MemoryUsage usage{.resident = 3 << 20};
  record.peak = usage;
  record.total.push_back({absl::ZeroDuration(), usage});
  ProcessMemory& row = record.processes.emplace_back();
  row.id = 7;
  row.name = "<!--<script>\xFF\x1B[31m\"\\";
  row.peak = usage;
  row.samples.push_back({absl::ZeroDuration(), usage});
  return record;
}

TEST(MemoryRecord, AbsentFigures_StayAbsent) {
  const MemoryRecord record = MadeUp();
  EXPECT_THAT(record.ToJson(), HasSubstr("\"resident\": 3145728, \"proportional\": null"));
  EXPECT_THAT(record.ToJson(), HasSubstr("\"unique\": [null]"));
  EXPECT_THAT(record.ToTable(), HasSubstr("         3.0            -            -"));
  EXPECT_THAT(record.ToTable(), Not(HasSubstr(" 0.0 ")));
}

TEST(MemoryRecord, NamesOfStrangers_CanNotBreakOut) {
  const MemoryRecord record = MadeUp();
  const std::string json = record.ToJson();
  EXPECT_THAT(json, Not(HasSubstr("<")));
  EXPECT_THAT(json, HasSubstr("\\u003c!--\\u003cscript\\u003e\xEF\xBF\xBD\\u001b[31m\\\"\\\\"));
  EXPECT_THAT(record.ToHtml(), Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(record.ToHtml(), Not(HasSubstr("<!--<script>")));
  EXPECT_THAT(record.ToTable(), Not(HasSubstr("\x1B")));
}

TEST(MemoryRecord, ThePage_NamesNothingOfTheNetwork) {
  std::string page = MadeUp().ToHtml();
  const std::string svg_namespace = "http://www.w3.org/2000/svg";
  page.erase(page.find(svg_namespace), svg_namespace.size());
  EXPECT_THAT(page, Not(HasSubstr("://")));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_TRUE(absl::StrContains(page, "prefers-color-scheme: dark"));
}

TEST(MemoryRecord, SaveHtml_WritesThePageOrNamesThePath) {
  const tests::TempDir folder;
  ASSERT_OK(MadeUp().SaveHtml(folder.File("report.html")));
  EXPECT_EQ(tests::ReadFile(folder.File("report.html")), MadeUp().ToHtml());
  EXPECT_THAT(MadeUp().SaveHtml(folder.File("none/report.html")),
              IsError(absl::StatusCode::kInternal, "none/report.html"));
}

}  // namespace
}  // namespace progeny
