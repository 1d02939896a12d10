// One child process, whatever it is started by.
//
//     int Work(std::string path, int depth);
//
//     int main(int argc, char** argv) {
//       progeny::MainGuard guard(argc, argv);
//       auto child = progeny::Process::Start({.start_method = progeny::StartMethod::kSpawn},
//                                            progeny::fn<&Work>, "/data", 3);
//       if (!child.ok()) return Complain(child.status());
//       absl::StatusOr<progeny::ExitStatus> end = child->Join(absl::Seconds(10));
//     }
//
// No child outlives its parent by more than a second, however the parent ends, unless detached.
// progeny installs no SIGCHLD handler, never waits for pids that are not its own, and never signals
// a recycled pid.
#ifndef PROGENY_PROCESS_H_
#define PROGENY_PROCESS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "progeny/callable.h"
#include "progeny/detail/bound_task.h"
#include "progeny/crash_reports.h"
#include "progeny/exit_status.h"
#include "progeny/fork_safety.h"
#include "progeny/main_guard.h"
#include "progeny/memory_usage.h"
#include "progeny/process_options.h"
#include "progeny/stdio.h"
#include "progeny/this_process.h"

namespace progeny {

namespace detail {
class Child;
absl::StatusOr<std::shared_ptr<Child>> StartChild(ProcessOptions options, Task& task);
absl::StatusOr<std::shared_ptr<Child>> ForkChild(ProcessOptions options, Task& task);
}  // namespace detail

// Move-only owner of one child. Its member functions may be called from many threads. In a forked
// child of the owner they answer FailedPrecondition, and the destructor does nothing: a child
// belongs to the process that started it.
class Process {
 public:
  // Starts `f` in a child. Arguments are converted, here, to the parameter types of `f` and travel
  // as values under every start method. What `f` returns is the exit code: int (outside of 0..255:
  // 255), void (0), absl::Status (0 or 1); an exception that escapes it is 1, with its type and
  // what() on the child's stderr and in failure().
  //
  // Errors leave nothing behind: InvalidArgument names the option that makes no sense,
  // FailedPrecondition the missing MainGuard, ResourceExhausted what has run out.
  template <class F, class... Args>
  static absl::StatusOr<Process> Start(ProcessOptions options, F f, Args&&... args) {
    if constexpr (detail::CheckCall<false, F, Args&&...>()) {
      detail::BoundTaskFor<detail::Exit, F, Args&&...> task(std::move(f), std::forward<Args>(args)...);
      return Owner(detail::StartChild(std::move(options), task));
    } else {
      return absl::InvalidArgumentError("refused by the compiler");
    }
  }
  template <class F, class... Args>
  static absl::StatusOr<Process> Start(F f, Args&&... args) {
    return Start(ProcessOptions{}, std::move(f), std::forward<Args>(args)...);
  }

  // A plain fork on the calling thread: any callable, captures and all; the child sees memory,
  // descriptors and thread_locals as the caller does. `start_method` is ignored. Unimplemented on
  // Windows. Beside threads that hold locks, keep to what is safe after fork (see ForkSafety).
  template <class F, class... Args>
    requires std::is_invocable_v<F, Args...>
  static absl::StatusOr<Process> Fork(ProcessOptions options, F&& f, Args&&... args) {
    auto call = [&]() -> decltype(auto) {
      return std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
    };
    if constexpr (detail::CheckExitResult<std::decay_t<std::invoke_result_t<F, Args...>>>()) {
      detail::ForkTask<decltype(call)> task(call);
      return Owner(detail::ForkChild(std::move(options), task));
    } else {
      return absl::InvalidArgumentError("refused by the compiler");
    }
  }
  template <class F, class... Args>
    requires std::is_invocable_v<F, Args...>
  static absl::StatusOr<Process> Fork(F&& f, Args&&... args) {
    return Fork(ProcessOptions{}, std::forward<F>(f), std::forward<Args>(args)...);
  }

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  // Closes the streams, requests stop, then joins without limit, like std::jthread. A daemon is
  // terminated, waited for `grace`, then killed.
  ~Process();

  ProcessId id() const;
  const std::string& name() const;
  StartMethod start_method() const;

  bool IsAlive() const;
  // Waits for the child's end. Past the timeout DeadlineExceeded, and the child runs on. May be called
  // many times, from many threads: all get the same status.
  absl::StatusOr<ExitStatus> Join(absl::Duration timeout = absl::InfiniteDuration());
  // Set once the child has ended; does not wait.
  std::optional<ExitStatus> exit_status() const;
  // What the child's code threw or returned, if it was an error; FailedPrecondition if the child
  // ended by itself before it reached its MainGuard; Aborted if it has crashed and reported that, with
  // its CrashReport and ExitStatus. OK while it runs.
  absl::Status failure() const;
  // Set once the child has ended by a crash that it has reported.
  std::optional<CrashReport> crash_report() const;

  // The child sees this_process::StopRequested(). An ended child is no error for these four.
  absl::Status RequestStop();
  // Like Ctrl-C: SIGINT, whose default is the child's death.
  absl::Status Interrupt();
  // SIGTERM. Windows: the same as Kill.
  absl::Status Terminate();
  absl::Status Kill();
  // Ends the child and all its descendants, those included that they start meanwhile. Nothing to do
  // once the child has ended: then its children are no longer known as such. POSIX: they are stopped
  // before they are killed; a descendant whose own parent has ended before (a daemon) isn't found.
  absl::Status KillTree();

  // Goes up the ladder of ProcessOptions::stop until the child has ended, and returns its status. Past
  // the timeout the steps that are left are skipped, and the child is killed. DeadlineExceeded
  // only if the kernel doesn't let go of a child that was killed.
  absl::StatusOr<ExitStatus> Stop(absl::Duration timeout = absl::InfiniteDuration());

  absl::StatusOr<MemoryUsage> Memory() const;
  // Ready (readable, signalled) once the child has ended. Lives as long as this object.
  NativeHandle sentinel() const;

  // The parent's end of Stdio::Pipe(), else nullptr. Owned by this object.
  Stream* in();
  Stream* out();
  Stream* err();

  // From here on the child may outlive this process, and destroying this handle does not wait. It
  // keeps its standard streams; its own children stay bound to it. Windows: a child of a child
  // still ends with that child's family.
  void Detach();

 private:
  explicit Process(std::shared_ptr<detail::Child> child);
  static absl::StatusOr<Process> Owner(absl::StatusOr<std::shared_ptr<detail::Child>> child);

  std::shared_ptr<detail::Child> child_;
  std::optional<Stream> in_, out_, err_;
};

struct ProcessInfo {
  ProcessId id = 0;
  std::string name;
  StartMethod start_method = StartMethod::kSpawn;
};

// The children of this process that run, detached ones excluded, in the order of their start.
std::vector<ProcessInfo> ActiveChildren();

// CPUs that this process can keep busy: affinity, cpuset and cgroup quota respected; at least 1.
int UsableCpus();

}  // namespace progeny

#endif  // PROGENY_PROCESS_H_
