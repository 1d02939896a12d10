#include "platform/process_table.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "platform/host.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

std::optional<ProcessEntry> Listed(int64_t id) {
  const absl::StatusOr<std::vector<ProcessEntry>> all = ListProcesses();
  if (!all.ok()) return std::nullopt;
  const auto found =
      std::find_if(all->begin(), all->end(), [id](const ProcessEntry& e) { return e.id == id; });
  return found == all->end() ? std::nullopt : std::optional<ProcessEntry>(*found);
}

class ProcessTableTest : public tests::LeakFreeTest {};

TEST_F(ProcessTableTest, ThisProcess_IsListedWithANameAndAStart) {
  const std::optional<ProcessEntry> self = Listed(CurrentProcessId());
  ASSERT_TRUE(self.has_value());
  EXPECT_TRUE(absl::StrContains(self->name, "process_table")) << self->name;
  EXPECT_NE(self->start_time, 0u);
  EXPECT_GE(self->parent_id, 0);  // 0: somebody whom this system doesn't know, such as Wine's starter
}

TEST_F(ProcessTableTest, FindProcess_AgreesWithTheList) {
  const std::optional<ProcessEntry> listed = Listed(CurrentProcessId());
  const absl::StatusOr<ProcessEntry> found = FindProcess(CurrentProcessId());
  ASSERT_TRUE(listed.has_value());
  ASSERT_OK(found);
  EXPECT_EQ(found->id, listed->id);
  EXPECT_EQ(found->parent_id, listed->parent_id);
  EXPECT_EQ(found->start_time, listed->start_time);
  EXPECT_EQ(found->name, listed->name);
}

TEST_F(ProcessTableTest, AChild_HasThisProcessAsItsParentUntilItEnds) {
  absl::StatusOr<Process> child =
      Process::Start({.out = Stdio::Pipe()}, fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  ASSERT_EQ(tests::ReadLine(child->out()), "ready");
  const std::optional<ProcessEntry> entry = Listed(child->id());
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->parent_id, CurrentProcessId());
  EXPECT_GE(entry->start_time, Listed(CurrentProcessId())->start_time);
  ASSERT_OK(child->RequestStop());
  ASSERT_OK(child->Join(tests::kPatience));
  EXPECT_TRUE(tests::WaitUntil([&] { return !Listed(child->id()).has_value(); }));
  EXPECT_TRUE(absl::IsNotFound(FindProcess(child->id()).status()));
}

TEST_F(ProcessTableTest, AChildThatHasEndedButIsNotJoined_IsNotListed) {
  absl::StatusOr<Process> child = Process::Start(fn<&tests::ExitWith>, 0);
  ASSERT_OK(child);
  EXPECT_TRUE(tests::WaitUntil([&] { return !Listed(child->id()).has_value(); }));
  EXPECT_TRUE(absl::IsNotFound(FindProcess(child->id()).status()));
}

TEST_F(ProcessTableTest, NoProcess_IsNotFoundNamingIt) {
  for (const int64_t id : {int64_t{0}, int64_t{-1}, int64_t{2147483646}}) {
    const absl::Status status = FindProcess(id).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), std::to_string(id))) << status;
    EXPECT_EQ(CommandLineOf(id), "");
  }
}

TEST_F(ProcessTableTest, CommandLine_NamesTheProgram) {
  const std::string line = CommandLineOf(CurrentProcessId());
  if (line.empty()) GTEST_SKIP() << "this system does not tell command lines";
  EXPECT_TRUE(absl::StrContains(line, "process_table")) << line;
}

}  // namespace
}  // namespace progeny::platform
