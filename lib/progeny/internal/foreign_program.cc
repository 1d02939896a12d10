#include "progeny/internal/foreign_program.h"

#include <utility>

#include "progeny/internal/exit_status.h"
#include "progeny/log.h"

namespace progeny::internal {

ForeignProgram::ForeignProgram(platform::StartedProgram program, platform::Wakeup ended)
    : program_(std::move(program)), ended_(std::move(ended)) {
  thread_ = std::thread([this] { AwaitEnd(); });
}

absl::StatusOr<std::unique_ptr<ForeignProgram>> ForeignProgram::Start(
    const std::vector<std::string>& command) {
  absl::StatusOr<platform::Wakeup> ended = platform::Wakeup::Create();
  if (!ended.ok()) return ended.status();
  absl::StatusOr<platform::StartedProgram> program = platform::StartForeignProgram(command);
  if (!program.ok()) return program.status();
  return std::unique_ptr<ForeignProgram>(
      new ForeignProgram(*std::move(program), *std::move(ended)));
}

ForeignProgram::~ForeignProgram() { thread_.join(); }

void ForeignProgram::AwaitEnd() {
  const absl::Status waited = platform::AwaitForeignProgram(program_);
  if (!waited.ok()) Log::Error(waited);
  std::lock_guard<std::mutex> lock(mutex_);
  exit_status_ = detail::ExitStatusAccess::FromSeam(platform::TakeForeignExit(program_));
  ended_.Set();
}

std::optional<ExitStatus> ForeignProgram::exit_status() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return exit_status_;
}

absl::Status ForeignProgram::Signal(int number) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (exit_status_.has_value()) return absl::OkStatus();
  return platform::SignalForeignProgram(program_, number);
}

}  // namespace progeny::internal
