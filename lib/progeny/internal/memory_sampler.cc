// Interleavings:
// * The process forks while the thread reads: the child has a copy of this object, no thread, and
//   maybe a lock that nobody will give back. It looks at the generation first and leaves the rest.
// * A process ends between the look at the family and the reading of its figures: NotFound, and it
//   counts as ended. Its number may go to another process in between only if its parent joins it,
//   somebody starts one, and the numbers wrap around within a millisecond; that is not looked for.
// * Stop comes while the thread reads: it waits for that reading, then for the last one.
#include "progeny/internal/memory_sampler.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "platform/host.h"
#include "progeny/internal/self.h"
#include "progeny/process.h"

namespace progeny::internal {
namespace {

// While resting, how often the root is looked for: its end is told at once, however long the rest.
constexpr absl::Duration kLookForRoot = absl::Milliseconds(250);

}  // namespace

MemorySampler::MemorySampler(MemoryReportOptions options)
    : options_(std::move(options)),
      generation_(ForkGeneration()),
      family_(options_.root),
      recorder_(options_.max_figures) {}

absl::StatusOr<std::unique_ptr<MemorySampler>> MemorySampler::Start(MemoryReportOptions options) {
  std::unique_ptr<MemorySampler> sampler(new MemorySampler(std::move(options)));
  {
    absl::MutexLock lock(&sampler->mutex_);
    MemoryRecord& record = sampler->recorder_.record();
    record.title = sampler->options_.title;
    record.system = platform::OsName();
    record.started = absl::Now();
    record.interval = sampler->options_.interval;
    record.root = sampler->options_.root;
    if (const auto machine = GetSystemMemory(); machine.ok()) record.memory_of_machine = machine->total;
  }
  // So that a root that can't be looked at is an answer, not an empty report.
  absl::Status readable = GetMemoryUsage(sampler->options_.root).status();
  if (readable.ok()) readable = sampler->Read();
  if (!readable.ok()) {
    sampler->finished_ = true;
    return readable;
  }
  try {
    absl::MutexLock lock(&sampler->joining_);
    sampler->thread_ = std::thread([self = sampler.get()] { self->Run(); });
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

std::vector<MemoryReading> MemorySampler::ReadingsOf(
    const std::vector<platform::ProcessEntry>& family) const {
  absl::flat_hash_map<ProcessId, std::string> given_names;
  if (options_.root == this_process::id()) {
    for (ProcessInfo& child : ActiveChildren()) given_names[child.id] = std::move(child.name);
  }
  std::vector<MemoryReading> readings;
  for (const platform::ProcessEntry& entry : family) {
    absl::StatusOr<MemoryUsage> usage = GetMemoryUsage(entry.id);
    if (absl::IsNotFound(usage.status())) continue;
    const auto given = given_names.find(entry.id);
    MemoryReading& reading = readings.emplace_back();
    reading.id = entry.id;
    reading.parent_id = entry.parent_id;
    reading.start_time = entry.start_time;
    reading.name = given != given_names.end() ? given->second : entry.name;
    if (usage.ok()) reading.usage = *usage;
  }
  return readings;
}

absl::Status MemorySampler::Read() {
  const absl::Duration at = Elapsed();
  const absl::StatusOr<std::vector<platform::ProcessEntry>> family = family_.Look();
  if (!family.ok()) return family.status();
  const std::vector<MemoryReading> readings = ReadingsOf(*family);
  {
    absl::MutexLock lock(&mutex_);
    std::vector<const MemoryReading*> strangers;
    for (const MemoryReading& reading : readings) {
      if (!recorder_.Knows(reading.id, reading.start_time)) strangers.push_back(&reading);
    }
    recorder_.Add(at, readings);
    for (const MemoryReading* reading : strangers) {
      recorder_.SetCommand(reading->id, reading->start_time, platform::CommandLineOf(reading->id));
    }
    last_read_took_ = Elapsed() - at;
    MemoryRecord& record = recorder_.record();
    record.reading += last_read_took_;
    record.duration = at;
    if (record.title.empty() && !record.processes.empty()) {
      const ProcessMemory& root = record.processes.front();
      record.title = root.command.empty() ? root.name : root.command;
    }
  }
  return absl::OkStatus();
}

// False once somebody has called Stop.
bool MemorySampler::RestUnlessStopped(absl::Duration rest) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stop_), rest);
}

void MemorySampler::Run() {
  // Of a process that looks at itself no end will be seen.
  const bool may_end = options_.root != this_process::id();
  bool go_on = true;
  while (go_on && family_.root_runs()) {
    absl::Duration rest =
        std::max(options_.interval, last_read_took_ * (1 / options_.cpu_share - 1));
    while (go_on && rest > absl::ZeroDuration()) {
      const absl::Duration nap = may_end ? std::min(rest, kLookForRoot) : rest;
      go_on = RestUnlessStopped(nap);
      rest -= nap;
      if (may_end && !family_.RootRunsNow()) break;
    }
    // A list that can't be read is tried again after the next rest.
    Read().IgnoreError();
  }
  finished_ = true;
}

absl::Status MemorySampler::Mark(absl::string_view text) {
  const absl::Duration at = Elapsed();
  absl::MutexLock lock(&mutex_);
  if (stop_) {
    return absl::FailedPreconditionError(
        absl::StrCat("mark '", text, "': the memory report has been stopped"));
  }
  return recorder_.Mark(at, text);
}

void MemorySampler::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  absl::MutexLock lock(&joining_);
  if (thread_.joinable()) thread_.join();
}

MemoryRecord MemorySampler::record() const {
  absl::MutexLock lock(&mutex_);
  return recorder_.record();
}

}  // namespace progeny::internal
