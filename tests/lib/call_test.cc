// Call and Async: the isolation primitive.
#include "progeny/call.h"

#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>

#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::IsError;
using tests::kPatience;

class CallTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(CallTest);

struct Report {
  std::string title;
  std::map<std::string, std::vector<double>> series;
  std::optional<int> year;
  friend bool operator==(const Report&, const Report&) = default;
};

Report MakeReport(const std::string& title, std::optional<int> year) {
  return {title, {{"a", {1.5, 2.5}}, {"b", {}}}, year};
}

TEST_P(CallTest, Call_GivesWhatTheFunctionReturned) {
  const absl::StatusOr<Report> report = Call(Options(), fn<&MakeReport>, "costs", std::nullopt);
  ASSERT_OK(report);
  EXPECT_EQ(*report, MakeReport("costs", {}));
}

std::vector<uint8_t> Bytes(size_t count) { return std::vector<uint8_t>(count, 7); }
size_t CountBytes(absl::Span<const uint8_t> bytes) { return bytes.size(); }

TEST_P(CallTest, Call_CarriesResultsAndArgumentsOfAnySize) {
  for (size_t size : {0u, 1u, 1000u, 4000u, 5000u, 20'000'000u}) {
    const auto result = Call(Options(), fn<&Bytes>, size);
    ASSERT_OK(result);
    EXPECT_EQ(result->size(), size);
    EXPECT_EQ(*Call(Options(), fn<&CountBytes>, *result), size);
  }
}

std::string Join(std::string_view text, absl::Span<const int> numbers) {
  std::string joined(text);
  for (int number : numbers) joined += " " + std::to_string(number);
  return joined;
}

TEST_P(CallTest, Views_ShowBytesThatTheChildOwns) {
  const std::vector<int> numbers{1, 2};
  EXPECT_EQ(*Call(Options(), fn<&Join>, "text", numbers), "text 1 2");
  EXPECT_EQ(*Call(Options(), fn<&Join>, std::string("from a temporary"), std::vector<int>{3}),
            "from a temporary 3");
}

std::unique_ptr<int> Doubled(std::unique_ptr<int> value) { return std::make_unique<int>(2 * *value); }

TEST_P(CallTest, Owners_AreMovedInAndOut) {
  auto result = Call(Options(), fn<&Doubled>, std::make_unique<int>(21));
  ASSERT_OK(result);
  EXPECT_EQ(**result, 42);
}

absl::Status Refuse() {
  absl::Status status = absl::PermissionDeniedError("not for you");
  status.SetPayload("type.example/why", absl::Cord("because"));
  return status;
}
absl::StatusOr<int> RefuseOrSeven(bool refuse) {
  if (refuse) return Refuse();
  return 7;
}
void DoNothing() {}

TEST_P(CallTest, Statuses_AreNeverNestedAndKeepTheirPayloads) {
  const absl::Status status = Call(Options(), fn<&Refuse>);
  EXPECT_EQ(status, Refuse());
  EXPECT_EQ(status.GetPayload("type.example/why"), absl::Cord("because"));
  const absl::StatusOr<int> seven = Call(Options(), fn<&RefuseOrSeven>, false);
  EXPECT_EQ(*seven, 7);
  EXPECT_EQ(Call(Options(), fn<&RefuseOrSeven>, true).status(), Refuse());
  const absl::Status nothing = Call(Options(), fn<&DoNothing>);
  EXPECT_OK(nothing);
}

struct OddError : std::logic_error {
  using std::logic_error::logic_error;
};
int ThrowOdd() { throw OddError("odd"); }
int ThrowNumber() { throw 5; }

TEST_P(CallTest, Exceptions_ArriveAsRemoteErrors) {
  const absl::Status status = Call(Options(), fn<&ThrowOdd>).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  ASSERT_TRUE(RemoteErrorOf(status).has_value());
  EXPECT_THAT(RemoteErrorOf(status)->type, HasSubstr("OddError"));
  EXPECT_EQ(RemoteErrorOf(status)->what, "odd");
  EXPECT_EQ(ExitStatusOf(status), std::nullopt);
  EXPECT_TRUE(RemoteErrorOf(Call(Options(), fn<&ThrowNumber>).status()).has_value());
}

TEST_P(CallTest, Crash_IsAStatusNotACrashOfTheCaller) {
  const absl::Status status = Call(Options(), fn<&tests::Crash>);
  EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, ""));
  ASSERT_TRUE(ExitStatusOf(status).has_value());
  EXPECT_TRUE(ExitStatusOf(status)->crashed()) << status;
  EXPECT_EQ(RemoteErrorOf(status), std::nullopt);
}

int ExitWithin(int code) { std::exit(code); }

TEST_P(CallTest, EndWithoutAnswer_IsAbortedWithTheExitStatus) {
  if (tests::kSanitized && forks()) {
    GTEST_SKIP() << "exit() in a forked child asks the leak checker, to which other threads' memory looks lost";
  }
  for (int code : {0, 9}) {
    const absl::Status status = Call(Options(), fn<&ExitWithin>, code).status();
    EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, "ended before it answered"));
    ASSERT_TRUE(ExitStatusOf(status).has_value());
    EXPECT_EQ(ExitStatusOf(status)->exit_code(), code);
  }
}

TEST_P(CallTest, FailedStart_IsTheResult) {
  ProcessOptions options = Options();
  options.grace = absl::Seconds(-1);
  EXPECT_THAT(Call(options, fn<&tests::ExitWith>, 1),
              IsError(absl::StatusCode::kInvalidArgument, "grace"));
  Future<int> future = Async(options, fn<&tests::ExitWith>, 1);
  EXPECT_TRUE(future.Ready());
  EXPECT_FALSE(future.Cancel());
  EXPECT_THAT(future.Get(), IsError(absl::StatusCode::kInvalidArgument, "grace"));
}

std::string OwnName() { return this_process::name(); }

TEST_P(CallTest, Options_ApplyToCallsToo) {
  ProcessOptions options = Options();
  options.name = "caller";
  EXPECT_EQ(*Call(options, fn<&OwnName>), "caller");
  EXPECT_THAT(*Call(fn<&OwnName>), HasSubstr("Process-"));
}

TEST_P(CallTest, Calls_RunSideBySide) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 8; ++i) futures.push_back(Async(Options(), [](int x) { return x * x; }, i));
  int sum = 0;
  for (Future<int>& future : futures) sum += future.Get(kPatience).value_or(-1000);
  EXPECT_EQ(sum, 140);
}

}  // namespace
}  // namespace progeny
