#include "progeny/internal/fork_policy.h"

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/fork_risks.h"
#include "progeny/fork_safety.h"
#include "progeny/internal/self.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

// The generation that has warned, and one: a forked child is a process of its own.
std::atomic<uint64_t> warned_in{0};

bool FirstTimeHere() {
  const uint64_t here = ForkGeneration() + 1;
  return warned_in.exchange(here) != here;
}

// A thread that has been joined is the kernel's for a moment longer: don't take it for one that runs.
bool OtherThreadsStay() {
  for (int look = 0; look < 20; ++look) {
    if (!platform::HasOtherThreads()) return false;
    absl::SleepFor(absl::Microseconds(100));
  }
  return true;
}

// Without what is told of memory and descriptors: that is no matter of safety. Empty if the threads
// have ended meanwhile.
std::string Hazard() {
  ForkSafetyReport report = ForkSafety();
  if (report.safe()) return "";
  ForkSafetyReport hazard;
  hazard.other_threads = std::move(report.other_threads);
  hazard.hostile_runtimes = std::move(report.hostile_runtimes);
  return absl::StrReplaceAll(hazard.ToString(), {{"\n", "; "}});
}

}  // namespace

absl::Status CheckForkSafety(const ProcessOptions& options) {
  const bool refuses = options.fork_safety == ForkSafetyPolicy::kRefuse;
  if (options.fork_safety == ForkSafetyPolicy::kIgnore) return absl::OkStatus();
  if (!refuses && warned_in.load(std::memory_order_relaxed) == ForkGeneration() + 1) {
    return absl::OkStatus();
  }
  if (!platform::HasOtherThreads() || !OtherThreadsStay()) return absl::OkStatus();
  const std::string hazard = Hazard();
  if (hazard.empty()) return absl::OkStatus();
  if (refuses) {
    return absl::FailedPreconditionError(
        absl::StrCat("start by fork: ", hazard, " (ProcessOptions::fork_safety is kRefuse)"));
  }
  if (FirstTimeHere()) {
    Log::Warning(absl::StrCat("fork beside ", hazard, " (told once; ForkSafety() tells more, ",
                              "ProcessOptions::fork_safety = kIgnore silences this)"));
  }
  return absl::OkStatus();
}

}  // namespace progeny::internal
