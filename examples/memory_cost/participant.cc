#include "participant.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace memory_cost {
namespace {

// Writing every page of a table of many GiB on a busy machine takes its time.
constexpr absl::Duration kPatience = absl::Minutes(10);

absl::StatusOr<progeny::Process> StartProcess(const Case& what) {
  progeny::ProcessOptions options{
      .start_method = what.start_method,
      .daemon = true,  // ended with its Participant, whatever it does then
      .in = progeny::Stdio::Pipe(),
      .out = progeny::Stdio::Pipe()};
  if (what.passing == Passing::kByValue) {
    return progeny::Process::Start(options, progeny::fn<&UsePassedTable>, what.access, OwnTable());
  }
  if (what.passing == Passing::kInCow) {
    return progeny::Process::Start(options, progeny::fn<&UseTableInCow>, what.access, OwnTableInCow());
  }
  return progeny::Process::Start(options, progeny::fn<&UseOwnTable>, what.access);
}

}  // namespace

absl::StatusOr<Participant> Participant::Start(const Case& what) {
  const absl::Time begin = absl::Now();
  absl::StatusOr<progeny::Process> process = StartProcess(what);
  if (!process.ok()) return process.status();
  Participant participant(what, *std::move(process));
  absl::StatusOr<int64_t> numbers = participant.Expect("running ");
  if (!numbers.ok()) return numbers.status();
  participant.start_ = absl::Now() - begin;
  participant.numbers_seen_ = *numbers;
  return participant;
}

absl::Status Participant::DoWork(int64_t expected_sum) {
  const absl::Time begin = absl::Now();
  absl::Status sent = process_.in()->Write("go\n", kPatience);
  if (!sent.ok()) return sent;
  absl::StatusOr<int64_t> sum = Expect("done ");
  if (!sum.ok()) return sum.status();
  access_ = absl::Now() - begin;
  if (what_.access == Access::kRead && *sum != expected_sum) {
    return absl::AbortedError(
        absl::StrCat(process_.name(), " read other numbers than the parent wrote"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Participant::Expect(absl::string_view word) {
  const absl::Time deadline = absl::Now() + kPatience;
  std::string line;
  while (line.empty() || line.back() != '\n') {
    char letter = 0;
    absl::StatusOr<size_t> size =
        process_.out()->Read(absl::MakeSpan(&letter, 1), deadline - absl::Now());
    if (!size.ok()) return size.status();
    if (*size == 0) {
      absl::StatusOr<progeny::ExitStatus> end = process_.Join(kPatience);
      return absl::AbortedError(absl::StrCat(
          process_.name(), " ended early: ", end.ok() ? end->ToString() : end.status().ToString(),
          " ", process_.failure().ToString()));
    }
    line += letter;
  }
  absl::string_view rest = line;
  int64_t number = 0;
  if (!absl::ConsumePrefix(&rest, word) || !absl::SimpleAtoi(rest, &number)) {
    return absl::AbortedError(
        absl::StrCat(process_.name(), " said \"", line, "\" instead of ", word));
  }
  return number;
}

}  // namespace memory_cost
