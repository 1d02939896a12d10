// What a process knows of itself: whose child it is, and whether it has been asked to stop.
#ifndef PROGENY_THIS_PROCESS_H_
#define PROGENY_THIS_PROCESS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "progeny/process_options.h"

namespace progeny {

using ProcessId = int64_t;
// A descriptor or a HANDLE, borrowed: never close it.
using NativeHandle = intptr_t;

// The process that started this one through progeny. A value; thread-safe.
class ParentProcess {
 public:
  ParentProcess(ProcessId id, std::string name) : id_(id), name_(std::move(name)) {}

  ProcessId id() const { return id_; }
  const std::string& name() const { return name_; }
  // Only a detached child will ever see false: the others end with their parent.
  bool IsAlive() const;
  // Waits for the parent's end; DeadlineExceeded past the timeout.
  absl::Status Join(absl::Duration timeout = absl::InfiniteDuration()) const;

 private:
  ProcessId id_;
  std::string name_;
};

// A request to stop, as the child's code sees it: to be asked in loops, or waited for where there would
// be a sleep. A value; any thread of the child may use it, any number at once.
//
//     progeny::StopToken stop = progeny::this_process::stop_token();
//     while (!stop.Wait(absl::Seconds(1))) Refresh();   // woken at once by RequestStop
//
// macOS before 14.4: a waiter is woken within 10 ms.
class StopToken {
 public:
  // One that is never asked.
  StopToken();
  // Below 10 ns.
  bool stop_requested() const { return word_->load(std::memory_order_acquire) != 0; }
  // True once the request is there, false past the timeout.
  bool Wait(absl::Duration timeout = absl::InfiniteDuration()) const;

 private:
  friend StopToken StopTokenOf(const std::atomic<uint32_t>& word);
  const std::atomic<uint32_t>* word_;
};

namespace this_process {

ProcessId id();
// As given or made up by whoever started it; "MainProcess" if that was not progeny.
std::string name();
// True if no progeny process started this one.
bool IsMain();
// True once the parent has called RequestStop, or begun to destroy its handle. False in the main
// process. Below 10 ns: poll it in loops.
bool StopRequested();
// The same, to be waited for. In the main process it is never asked.
StopToken stop_token();
// Runs `fn` when this child's entry has returned or thrown, last registered first, under every
// start method; at exit() in the main process. What was registered before a fork does not run in
// the forked child. Not run when the process is killed. Thread-safe.
void AtExit(std::function<void()> fn);
// Nothing in the main process.
std::optional<ParentProcess> parent();
std::optional<StartMethod> start_method();

}  // namespace this_process
}  // namespace progeny

#endif  // PROGENY_THIS_PROCESS_H_
