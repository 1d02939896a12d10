// A process HANDLE is all that waiting needs here: it is signalled at the end, keeps the exit code
// for as long as it is open, and never comes to name another process.
#include "platform/child_handle.h"

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/child_state.h"
#include "platform/windows/exit_code.h"
#include "platform/windows/job.h"
#include "platform/windows/slot_words.h"
#include "platform/windows/windows_api.h"

#define PSAPI_VERSION 2  // in kernel32: no library to link
#include <psapi.h>

namespace progeny::platform {
namespace {

std::string NameOf(ProcessId id) { return absl::StrCat("process ", id); }

}  // namespace

// A child whose handle is dropped runs on, bound to this process's life as before: that binding is
// the job handle, which then nobody closes before this process ends.
ChildHandle::State::~State() {
  absl::MutexLock lock(&mutex_);
  if (job_.valid() && !ended()) job_.Release();
}

bool ChildHandle::State::ended() const {
  return WaitForSingleObject(ToHandle(process_.get()), 0) == WAIT_OBJECT_0;
}

absl::Status ChildHandle::State::EndWith(uint32_t exit_code) {
  if (TerminateProcess(ToHandle(process_.get()), exit_code)) return absl::OkStatus();
  const DWORD error = GetLastError();
  // "Access denied" is the answer for a process that is ending already, but isn't signalled yet.
  const DWORD grace_ms = error == ERROR_ACCESS_DENIED ? 1000 : 0;
  if (WaitForSingleObject(ToHandle(process_.get()), grace_ms) == WAIT_OBJECT_0) {
    return absl::OkStatus();
  }
  return OsError(error, "end", NameOf(id_));
}

// A detached child has no job of ours any more; it alone is ended then.
absl::Status ChildHandle::State::EndFamily(uint32_t exit_code) {
  absl::MutexLock lock(&mutex_);
  if (!job_.valid()) return EndWith(exit_code);
  if (TerminateJobObject(ToHandle(job_.get()), exit_code)) return absl::OkStatus();
  return LastOsError("end the family of", NameOf(id_));
}

absl::Status ChildHandle::State::Detach() {
  absl::MutexLock lock(&mutex_);
  if (!job_.valid()) return absl::OkStatus();
  if (absl::Status released = ReleaseFromLifetimeJob(job_.get()); !released.ok()) return released;
  job_.Reset();
  return absl::OkStatus();
}

ChildHandle::ChildHandle(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChildHandle::ChildHandle(ChildHandle&&) noexcept = default;
ChildHandle& ChildHandle::operator=(ChildHandle&&) noexcept = default;
ChildHandle::~ChildHandle() = default;

ProcessId ChildHandle::id() const { return state_->id(); }

NativeHandle ChildHandle::sentinel() const { return state_->process(); }

absl::StatusOr<ExitInfo> ChildHandle::Wait(Deadline deadline) {
  const HANDLE process = ToHandle(state_->process());
  for (;;) {
    const bool last_try = deadline.passed();
    const DWORD result =
        WaitForSingleObject(process, static_cast<DWORD>(deadline.RemainingMilliseconds()));
    if (result == WAIT_FAILED) return LastOsError("wait for", NameOf(id()));
    if (result == WAIT_OBJECT_0) break;
    if (last_try) {
      return absl::DeadlineExceededError(
          absl::StrCat("wait for '", NameOf(id()), "': it is still running"));
    }
  }
  DWORD exit_code = 0;
  if (!GetExitCodeProcess(process, &exit_code)) {
    return LastOsError("read the exit code of", NameOf(id()));
  }
  ExitInfo info = ExitInfoFromCode(exit_code);
  PROCESS_MEMORY_COUNTERS counters = {};
  counters.cb = sizeof counters;
  if (GetProcessMemoryInfo(process, &counters, sizeof counters) && counters.PeakWorkingSetSize > 0) {
    info.peak = PeakMemory{static_cast<int64_t>(counters.PeakWorkingSetSize)};
  }
  return info;
}

std::optional<ExitInfo> ChildHandle::ReapIfEnded() {
  absl::StatusOr<ExitInfo> info = Wait(Deadline::After(absl::ZeroDuration()));
  if (!info.ok()) return std::nullopt;
  return *info;
}

absl::Status ChildHandle::Interrupt() {
  if (state_->slot_head() != nullptr) SlotWordsOf(state_->slot_head()).interrupts.fetch_add(1);
  if (!SetEvent(ToHandle(state_->interrupt()))) return LastOsError("interrupt", NameOf(id()));
  return absl::OkStatus();
}

absl::Status ChildHandle::Terminate() { return state_->EndWith(kTerminatedExitCode); }

absl::Status ChildHandle::Kill() { return state_->EndWith(kKilledExitCode); }

absl::Status ChildHandle::KillTree() { return state_->EndFamily(kKilledExitCode); }

void ChildHandle::WakeForStop(const std::atomic<uint32_t>&) {
  if (state_->slot_head() != nullptr) SetEvent(ToHandle(state_->interrupt()));
}

absl::Status ChildHandle::Detach() { return state_->Detach(); }

}  // namespace progeny::platform
