#include "progeny/internal/child.h"

#include "absl/strings/str_cat.h"
#include "progeny/internal/answer.h"
#include "progeny/internal/crash_reports.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/fork_servers.h"
#include "progeny/internal/self.h"
#include "progeny/log.h"

namespace progeny::detail {

Child::Child(platform::ChildHandle handle, internal::Slot slot, Parts parts)
    : handle_(std::move(handle)),
      slot_(std::move(slot)),
      parts_(std::move(parts)),
      generation_(internal::ForkGeneration()) {}

Child::~Child() {
  if (parts_.start_method != StartMethod::kForkServer || !IsOurs()) return;
  const std::optional<platform::ExitInfo> end = handle_.ReapIfEnded();
  // Of an unknown end only a handle of the child's tells, which the child may have closed itself.
  if (!end || end->kind == platform::ExitInfo::Kind::kUnknown) return;
  internal::GiveBackSlot(std::move(slot_));
}

bool Child::IsOurs() const { return generation_ == internal::ForkGeneration(); }

absl::Status Child::CheckOurs() const {
  if (IsOurs()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("'", parts_.name, "' is a child of this process's parent"));
}

absl::StatusOr<ExitStatus> Child::Join(absl::Duration timeout) {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  absl::StatusOr<platform::ExitInfo> info = handle_.Wait(platform::Deadline::After(timeout));
  if (info.ok()) return ExitStatusAccess::FromSeam(*info);
  if (!absl::IsDeadlineExceeded(info.status())) return info.status();
  return absl::DeadlineExceededError(absl::StrCat("join '", parts_.name, "': it is still running"));
}

std::optional<ExitStatus> Child::exit_status() {
  if (!IsOurs()) return std::nullopt;
  const std::optional<platform::ExitInfo> info = handle_.ReapIfEnded();
  if (!info) return std::nullopt;
  return ExitStatusAccess::FromSeam(*info);
}

std::optional<platform::PeakMemory> Child::peak_memory() {
  if (!IsOurs()) return std::nullopt;
  const std::optional<platform::ExitInfo> info = handle_.ReapIfEnded();
  return info ? info->peak : std::nullopt;
}

absl::Status Child::NeverReachedGuard(const ExitStatus& status) const {
  return WithExitStatus(
      absl::FailedPreconditionError(absl::StrCat(
          "'", parts_.name, "' ended (", status.ToString(), ") before it reached a progeny::MainGuard; ",
          "make the guard the first line of main of the program that is started")),
      status);
}

absl::StatusOr<std::vector<std::byte>> Child::Answer() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  const std::optional<ExitStatus> status = exit_status();
  if (!status) return absl::UnavailableError(absl::StrCat("'", parts_.name, "' is still running"));
  absl::StatusOr<std::vector<std::byte>> answer = slot_.ReadAnswer();
  if (answer.ok()) return internal::DecodeAnswer(*std::move(answer));
  if (!absl::IsNotFound(answer.status())) return answer.status();
  const bool by_itself = status->exited() || status->crashed() || status->unknown();
  if (by_itself && !slot_.guard_reached()) return NeverReachedGuard(*status);
  return EndedBeforeItAnswered(*status);
}

std::optional<CrashReport> Child::crash_report() {
  const std::optional<ExitStatus> status = exit_status();
  if (!status || !status->crashed()) return std::nullopt;
  std::optional<platform::CrashFacts> facts = slot_.ReadCrash();
  if (!facts) return std::nullopt;
  CrashReport report;
  report.what = std::move(facts->what);
  report.address = facts->address;
  report.stack_overflow = facts->stack_overflow;
  report.stack = std::move(facts->stack);
  if (parts_.streams.err != nullptr) report.last_output = parts_.streams.err->LastLines();
  return report;
}

absl::Status Child::EndedBeforeItAnswered(const ExitStatus& status) {
  const std::string words =
      absl::StrCat("'", parts_.name, "' ended before it answered: ", status.ToString());
  const std::optional<CrashReport> report = crash_report();
  if (!report) return WithExitStatus(absl::AbortedError(words), status);
  return WithExitStatus(
      WithCrashReport(absl::AbortedError(absl::StrCat(words, "\n", report->ToString())), *report), status);
}

absl::Status Child::failure() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  if (!exit_status()) return absl::OkStatus();
  absl::Status status = Answer().status();
  // How it died is the exit status's to tell, unless it has told more: nothing was thrown or returned.
  const bool only_died = absl::IsAborted(status) && ExitStatusOf(status) && !CrashReportOf(status);
  return only_died ? absl::OkStatus() : status;
}

absl::Status Child::RequestStop() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  slot_.RequestStop();
  handle_.WakeForStop(slot_.stop_word());
  return absl::OkStatus();
}

absl::Status Child::Interrupt() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  return handle_.Interrupt();
}

absl::Status Child::Terminate() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  return handle_.Terminate();
}

absl::Status Child::Kill() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  return handle_.Kill();
}

absl::Status Child::KillTree() {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  return handle_.KillTree();
}

absl::StatusOr<ExitStatus> Child::Stop(absl::Duration timeout) {
  if (absl::Status ours = CheckOurs(); !ours.ok()) return ours;
  internal::ClimbAll({{this, parts_.ladder}}, platform::Deadline::After(timeout));
  return Join(absl::ZeroDuration());
}

void Child::Detach() {
  if (!IsOurs() || detached_.exchange(true)) return;
  if (absl::Status done = handle_.Detach(); !done.ok()) Log::Error(done);
}

void Child::EndOfOwner() {
  if (!IsOurs() || detached()) return;
  // A child that waits for its input, or for room for its output, must not keep us waiting.
  for (const auto& stream : {parts_.streams.in, parts_.streams.out, parts_.streams.err}) {
    if (stream != nullptr) stream->Close();
  }
  if (exit_status()) return;
  (void)RequestStop();
  if (parts_.daemon) (void)Stop(absl::InfiniteDuration());
  if (absl::Status joined = Join(absl::InfiniteDuration()).status(); !joined.ok()) {
    Log::Error(joined);
  }
}

}  // namespace progeny::detail
