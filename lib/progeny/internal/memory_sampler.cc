// Interleavings:
// * The process forks while the thread reads: the child has a copy of this object, no thread, and
//   maybe a lock that nobody will give back. It looks at the generation first and leaves the rest.
// * A process ends between the look at the family and the reading of its figures: NotFound, and it
//   counts as ended. Its number may go to another process in between only if its parent joins it,
//   somebody starts one, and the numbers wrap around within a millisecond; that is not looked for.
// * Stop comes while the thread reads: it waits for that reading, then for the last one.
#include "progeny/internal/memory_sampler.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "platform/fork_child.h"
#include "platform/host.h"
#include "progeny/internal/self.h"
#include "progeny/process.h"

namespace progeny::internal {
namespace {

using platform::ProcessEntry;

// Of the share that all of it may take, what looking who is there may.
constexpr double kForLooks = 0.25;
// All figures are read at least this often, if that is paid for.
constexpr absl::Duration kReadAnyway = absl::Seconds(1);
// While resting, how often the root is looked for: its end is told at once, however long the rest.
constexpr absl::Duration kLookForRoot = absl::Milliseconds(250);

// Somebody came, went, or has another size by more than 2 %.
bool HasChanged(const std::vector<ProcessEntry>& before, const std::vector<ProcessEntry>& now) {
  return !std::equal(before.begin(), before.end(), now.begin(), now.end(),
                     [](const ProcessEntry& a, const ProcessEntry& b) {
                       const int64_t size = a.resident.value_or(0);
                       const int64_t change = b.resident.value_or(0) - size;
                       return a.id == b.id && a.start_time == b.start_time &&
                              std::abs(change) <= size / 50;
                     });
}

}  // namespace

MemorySampler::MemorySampler(MemoryReportOptions options)
    : options_(std::move(options)),
      generation_(ForkGeneration()),
      family_(options_.root),
      for_looks_(options_.cpu_share * kForLooks),
      for_readings_(options_.cpu_share * (1 - kForLooks)),
      recorder_(options_.max_figures) {}

absl::StatusOr<std::unique_ptr<MemorySampler>> MemorySampler::Start(MemoryReportOptions options) {
  std::unique_ptr<MemorySampler> sampler(new MemorySampler(std::move(options)));
  {
    std::lock_guard<std::mutex> lock(sampler->mutex_);
    MemoryRecord& record = sampler->recorder_.record();
    record.title = sampler->options_.title;
    record.system = platform::OsName();
    record.started = absl::Now();
    record.interval = sampler->options_.interval;
    record.root = sampler->options_.root;
    if (const auto machine = GetSystemMemory(); machine.ok())
      record.memory_of_machine = machine->total;
  }
  // So that a root that can't be looked at is an answer, not an empty report.
  absl::Status readable = GetMemoryUsage(sampler->options_.root).status();
  if (readable.ok()) readable = sampler->Look(Wanted::kFullReading);
  if (!readable.ok()) {
    sampler->finished_ = true;
    return readable;
  }
  try {
    std::lock_guard<std::mutex> lock(sampler->joining_);
    sampler->thread_ = std::thread([self = sampler.get()] { self->Run(); });
    sampler->known_as_ours_.Await();  // a fork right after this is not to be warned of it
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("start the thread of a memory report: ", error.what()));
  }
  return sampler;
}

bool MemorySampler::IsOurs() const { return generation_ == ForkGeneration(); }

absl::Duration MemorySampler::Elapsed() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - started_);
}

// The thread's CPU time where that is told: on a busy machine much less than the time that has
// passed.
absl::Duration MemorySampler::TimeSpent() const {
  return platform::ThreadCpuTime().value_or(Elapsed());
}

bool MemorySampler::ReadingIsDue(absl::Duration now,
                                 const std::vector<ProcessEntry>& family) const {
  if (for_readings_.UntilPaid(now) > absl::ZeroDuration()) return false;
  return now - last_reading_ >= kReadAnyway || HasChanged(family_at_last_reading_, family);
}

std::vector<MemoryReading> MemorySampler::Read(const std::vector<ProcessEntry>& family) const {
  std::vector<MemoryReading> readings;
  for (const ProcessEntry& entry : family) {
    const absl::StatusOr<MemoryUsage> usage = GetMemoryUsage(entry.id);
    if (absl::IsNotFound(usage.status())) continue;
    readings.push_back({.id = entry.id,
                        .parent_id = entry.parent_id,
                        .start_time = entry.start_time,
                        .name = entry.name,
                        .usage = usage.ok() ? *usage : MemoryUsage{.resident = entry.resident},
                        .permitted = usage.ok()});
  }
  return readings;
}

absl::Status MemorySampler::Look(Wanted wanted) {
  const absl::Duration at = Elapsed();
  const absl::Duration begin = TimeSpent();
  absl::StatusOr<std::vector<ProcessEntry>> family = family_.Look();
  if (!family.ok()) return family.status();
  const absl::Duration looked = TimeSpent();
  for_looks_.Spend(at, looked - begin);
  if (wanted == Wanted::kWhatIsPaid && !ReadingIsDue(at, *family)) {
    std::vector<MemoryReading> readings;
    for (ProcessEntry& entry : *family) {
      readings.push_back({entry.id, entry.parent_id, entry.start_time, std::move(entry.name),
                          MemoryUsage{.resident = entry.resident}});
    }
    Record(at, Depth::kBrief, readings);
  } else {
    const std::vector<MemoryReading> readings = Read(*family);
    for_readings_.Spend(at, TimeSpent() - looked);
    last_reading_ = at;
    family_at_last_reading_ = *std::move(family);
    Record(at, Depth::kFull, readings);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  recorder_.record().reading += TimeSpent() - begin;
  return absl::OkStatus();
}

void MemorySampler::Record(absl::Duration at, Depth depth,
                           const std::vector<MemoryReading>& readings) {
  absl::flat_hash_map<ProcessId, std::string> given_names;
  if (options_.root == this_process::id()) {
    for (ProcessInfo& child : ActiveChildren()) given_names[child.id] = std::move(child.name);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  recorder_.Add(at, depth, readings);
  MemoryRecord& record = recorder_.record();
  record.duration = at;
  for (const MemoryReading& reading : readings) {
    const auto given = given_names.find(reading.id);
    recorder_.Describe(reading, given == given_names.end() ? "" : given->second);
  }
  if (record.title.empty() && !record.processes.empty()) {
    const ProcessMemory& root = record.processes.front();
    record.title = root.command.empty() ? root.name : root.command;
  }
}

// False once somebody has called Stop.
bool MemorySampler::RestUnlessStopped(absl::Duration rest) {
  std::unique_lock<std::mutex> lock(mutex_);
  const absl::Duration bounded = std::min(rest, absl::Hours(1));
  return !stop_changed_.wait_for(lock, absl::ToChronoMicroseconds(bounded), [this] { return stop_; });
}

void MemorySampler::Run() {
  platform::NoteThreadWork(platform::ThreadWork::kOwn);
  known_as_ours_.Begun();
  // Of a process that looks at itself no end will be seen.
  const bool may_end = options_.root != this_process::id();
  bool go_on = true;
  while (go_on && family_.root_runs()) {
    absl::Duration rest = std::max(options_.interval, for_looks_.UntilPaid(Elapsed()));
    while (go_on && rest > absl::ZeroDuration()) {
      const absl::Duration nap = may_end ? std::min(rest, kLookForRoot) : rest;
      go_on = RestUnlessStopped(nap);
      rest -= nap;
      if (may_end && rest > absl::ZeroDuration() && !family_.RootRunsNow()) break;
    }
    // A list that can't be read is tried again after the next rest.
    Look(go_on ? Wanted::kWhatIsPaid : Wanted::kFullReading).IgnoreError();
  }
  platform::NoteThreadWork(platform::ThreadWork::kPrograms);  // it is about to end
  finished_ = true;
}

absl::Status MemorySampler::Mark(absl::string_view text) {
  const absl::Duration at = Elapsed();
  std::lock_guard<std::mutex> lock(mutex_);
  if (stop_) {
    return absl::FailedPreconditionError(
        absl::StrCat("mark '", text, "': the memory report has been stopped"));
  }
  return recorder_.Mark(at, text);
}

void MemorySampler::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    stop_changed_.notify_all();
  }
  std::lock_guard<std::mutex> lock(joining_);
  if (thread_.joinable()) thread_.join();
}

MemoryRecord MemorySampler::record() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return recorder_.record();
}

}  // namespace progeny::internal
