// progeny memory: runs a program, or looks at one that runs, and tells what it and its children
// cost.
//
// Signals: the terminal sends Ctrl-C to the whole foreground group, so the program has it already
// and this tool only goes on waiting, to write the report when the program has ended of it. What
// was sent to the tool alone (kill, timeout, a supervisor) is passed on.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "commands.h"
#include "progeny/internal/tool.h"
#include "progeny/memory_report.h"
#include "progeny/wait.h"

namespace progeny_tool {
namespace {

using progeny::MemoryRecord;
using progeny::MemoryReport;
using progeny::internal::ForeignProgram;
using progeny::internal::UserSignal;
using progeny::internal::UserSignals;

// For a root that no handle tells of.
constexpr absl::Duration kLookAgain = absl::Milliseconds(200);

std::ofstream Open(const std::string& path) {
  return std::ofstream(std::filesystem::path(std::u8string(path.begin(), path.end())),
                       std::ios::binary | std::ios::trunc);
}

// Before anything runs: a report that can't be written is better known now than in an hour.
bool CanWrite(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (Open(file)) continue;
    Complain(absl::StrCat("can't write '", file, "'"));
    return false;
  }
  return true;
}

std::string InFormatOf(const std::string& file, const MemoryRecord& record) {
  if (absl::EndsWith(file, ".json")) return record.ToJson();
  if (absl::EndsWith(file, ".txt")) return record.ToTable();
  return record.ToHtml();
}

bool Tell(const Arguments& arguments, const MemoryRecord& record) {
  bool written = true;
  for (const std::string& file : arguments.output_files) {
    std::ofstream stream = Open(file);
    stream << InFormatOf(file, record) << std::flush;
    if (!stream) Complain(absl::StrCat("writing '", file, "' failed"));
    written = written && stream;
  }
  if (arguments.json) std::cout << record.ToJson() << std::flush;
  std::cerr << "\n" << record.ToTable() << std::flush;
  return written;
}

progeny::MemoryReportOptions Options(const Arguments& arguments, progeny::ProcessId root) {
  progeny::MemoryReportOptions options;
  options.root = root;
  options.title = absl::StrJoin(arguments.program, " ");
  if (arguments.interval) options.interval = *arguments.interval;
  return options;
}

void PassOn(UserSignals& signals, ForeignProgram& program) {
  while (const std::optional<UserSignal> signal = signals.Take()) {
    if (signal->from_terminal || signal->kind == UserSignal::Kind::kResize) continue;
    const absl::Status sent = program.Signal(signal->number);
    if (!sent.ok()) Complain(sent.message());
  }
}

int ExitCodeFor(const progeny::ExitStatus& status) {
  if (status.exited()) return status.exit_code();
  Complain(absl::StrCat("the program ended: ", status.ToString()));
  return status.signalled() ? kSignalBase + status.signal() : kToolFailed;
}

int RunProgram(const Arguments& arguments, UserSignals& signals) {
  absl::StatusOr<std::unique_ptr<ForeignProgram>> started =
      ForeignProgram::Start(arguments.program);
  if (!started.ok()) {
    Complain(started.status().message());
    return absl::IsNotFound(started.status()) ? kNotFound : kNotExecutable;
  }
  ForeignProgram& program = **started;
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(Options(arguments, program.id()));
  while (!program.exit_status().has_value()) {
    progeny::WaitAny({program.sentinel(), signals.handle()}).IgnoreError();
    PassOn(signals, program);
  }
  const int exit_code = ExitCodeFor(*program.exit_status());
  if (!report.ok()) {
    Complain(absl::StrCat("no report: ", report.status().message()));
    return exit_code;
  }
  report->Stop().IgnoreError();
  Tell(arguments, report->record().value());
  return exit_code;
}

int LookAtProcess(const Arguments& arguments, UserSignals& signals) {
  absl::StatusOr<MemoryReport> report = MemoryReport::Start(Options(arguments, *arguments.pid));
  if (!report.ok()) {
    Complain(report.status().message());
    return kToolFailed;
  }
  bool told_to_end = false;
  while (report->running() && !told_to_end) {
    progeny::WaitAny({signals.handle()}, kLookAgain).IgnoreError();
    while (const std::optional<UserSignal> signal = signals.Take()) {
      told_to_end = told_to_end || signal->kind == UserSignal::Kind::kInterrupt ||
                    signal->kind == UserSignal::Kind::kEnd;
    }
  }
  report->Stop().IgnoreError();
  return Tell(arguments, report->record().value()) ? 0 : kToolFailed;
}

}  // namespace

int RunMemory(const Arguments& arguments) {
  if (!CanWrite(arguments.output_files)) return kToolFailed;
  absl::StatusOr<UserSignals> signals = UserSignals::Catch();
  if (!signals.ok()) {
    Complain(signals.status().message());
    return kToolFailed;
  }
  return arguments.pid ? LookAtProcess(arguments, *signals) : RunProgram(arguments, *signals);
}

}  // namespace progeny_tool
