// The thread behind a MemoryReport: looks, reads when that is paid for, rests.
#ifndef PROGENY_INTERNAL_MEMORY_SAMPLER_H_
#define PROGENY_INTERNAL_MEMORY_SAMPLER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/internal/memory_recorder.h"
#include "progeny/internal/process_family.h"
#include "progeny/internal/thread_start.h"
#include "progeny/internal/time_budget.h"
#include "progeny/memory_report.h"

namespace progeny::internal {

// Thread-safe, but for forked children of the process that started it: there only IsOurs may be
// called, and the destructor may not.
class MemorySampler {
 public:
  // `options` have been checked.
  static absl::StatusOr<std::unique_ptr<MemorySampler>> Start(MemoryReportOptions options);
  ~MemorySampler() { Stop(); }

  bool IsOurs() const;
  absl::Status Mark(absl::string_view text);
  void Stop();
  bool running() const { return !finished_.load(); }
  MemoryRecord record() const;

 private:
  enum class Wanted { kWhatIsPaid, kFullReading };

  explicit MemorySampler(MemoryReportOptions options);

  absl::Duration Elapsed() const;
  absl::Duration TimeSpent() const;
  absl::Status Look(Wanted wanted);
  bool ReadingIsDue(absl::Duration now, const std::vector<platform::ProcessEntry>& family) const;
  std::vector<MemoryReading> Read(const std::vector<platform::ProcessEntry>& family) const;
  void Record(absl::Duration at, Depth depth, const std::vector<MemoryReading>& readings);
  void Run();
  bool RestUnlessStopped(absl::Duration rest);

  const MemoryReportOptions options_;
  const uint64_t generation_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<bool> finished_{false};

  // The looking thread's own; of Start's thread before there is one.
  ProcessFamily family_;
  TimeBudget for_looks_;
  TimeBudget for_readings_;
  absl::Duration last_reading_ = -absl::InfiniteDuration();
  std::vector<platform::ProcessEntry> family_at_last_reading_;

  mutable std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;        // these under mutex_
  MemoryRecorder recorder_;
  ThreadStart known_as_ours_;
  std::mutex joining_;       // two threads may stop at once
  std::thread thread_;       // under joining_
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_MEMORY_SAMPLER_H_
