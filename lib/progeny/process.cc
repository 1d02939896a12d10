#include "progeny/process.h"

#include "absl/strings/str_cat.h"
#include "platform/host.h"
#include "progeny/internal/child.h"

namespace progeny {
namespace {

std::optional<Stream> StreamOf(const std::shared_ptr<detail::StreamEnd>& end) {
  if (end == nullptr) return std::nullopt;
  return Stream(end);
}

Stream* PointerTo(std::optional<Stream>& stream) { return stream ? &*stream : nullptr; }

}  // namespace

Process::Process(std::shared_ptr<detail::Child> child)
    : child_(std::move(child)),
      in_(StreamOf(child_->streams().in)),
      out_(StreamOf(child_->streams().out)),
      err_(StreamOf(child_->streams().err)) {}

Process::Process(Process&& other) noexcept = default;

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  if (child_ != nullptr) child_->EndOfOwner();
  child_ = std::move(other.child_);
  in_ = std::move(other.in_);
  out_ = std::move(other.out_);
  err_ = std::move(other.err_);
  return *this;
}

Process::~Process() {
  if (child_ != nullptr) child_->EndOfOwner();
}

absl::StatusOr<Process> Process::Owner(absl::StatusOr<std::shared_ptr<detail::Child>> child) {
  if (!child.ok()) return child.status();
  return Process(*std::move(child));
}

ProcessId Process::id() const { return child_->id(); }
const std::string& Process::name() const { return child_->name(); }
StartMethod Process::start_method() const { return child_->start_method(); }
bool Process::IsAlive() const { return child_->IsOurs() && !child_->exit_status(); }
absl::StatusOr<ExitStatus> Process::Join(absl::Duration timeout) { return child_->Join(timeout); }
std::optional<ExitStatus> Process::exit_status() const { return child_->exit_status(); }
absl::Status Process::failure() const { return child_->failure(); }
std::optional<CrashReport> Process::crash_report() const { return child_->crash_report(); }
absl::Status Process::RequestStop() { return child_->RequestStop(); }
absl::Status Process::Interrupt() { return child_->Interrupt(); }
absl::Status Process::Terminate() { return child_->Terminate(); }
absl::Status Process::Kill() { return child_->Kill(); }
absl::Status Process::KillTree() { return child_->KillTree(); }
absl::StatusOr<ExitStatus> Process::Stop(absl::Duration timeout) { return child_->Stop(timeout); }
NativeHandle Process::sentinel() const { return child_->sentinel(); }
Stream* Process::in() { return PointerTo(in_); }
Stream* Process::out() { return PointerTo(out_); }
Stream* Process::err() { return PointerTo(err_); }
void Process::Detach() { child_->Detach(); }

absl::StatusOr<MemoryUsage> Process::Memory() const {
  if (!IsAlive()) {
    return absl::FailedPreconditionError(absl::StrCat("memory of '", name(), "': it has ended"));
  }
  return GetMemoryUsage(id());
}

std::vector<ProcessInfo> ActiveChildren() {
  std::vector<ProcessInfo> infos;
  for (const std::shared_ptr<detail::Child>& child : detail::RunningChildren()) {
    infos.push_back({child->id(), child->name(), child->start_method()});
  }
  return infos;
}

int UsableCpus() { return platform::UsableCpus(); }

}  // namespace progeny
