// What a family of processes costs in memory while it runs: a process, its children, theirs, and so
// on, looked at again and again by a thread of its own.
//
//     absl::StatusOr<progeny::MemoryReport> report = progeny::MemoryReport::Start();
//     ... report->Mark("table loaded"); ... children are started and joined ...
//     report->Stop().IgnoreError();
//     std::cerr << report->ToTable();
//     absl::Status saved = report->record()->SaveHtml("memory.html");
//
// The page is one file that needs no network: what all processes take together over time, unique
// and shared, and a lane for each process from its start to its end.
//
// What it costs: less than 1 % of one CPU (MemoryReportOptions::cpu_share) over its whole run, the
// last reading aside. Every `interval` it looks who is there, which is cheap, and takes the
// resident size where that costs nothing (Linux). All figures are read when something has changed,
// or a second has passed, but only when earlier readings have been paid by rest: reading makes the
// kernel walk the page tables of each process (20 ms per GiB on Linux), and 20 ms are paid by two
// and a half seconds. Rest is saved up for ten seconds. What starts and ends between two looks is
// not seen.
//
// What it keeps is bounded (MemoryReportOptions::max_figures, some 5 MB): when it is full, of each
// two neighbouring samples the fuller or higher one stays, and from then on half as many are kept.
// Highest figures are of all, kept or not. Processes beyond the first 500 are in the sums but have
// no row of their own.
#ifndef PROGENY_MEMORY_REPORT_H_
#define PROGENY_MEMORY_REPORT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "progeny/memory_usage.h"
#include "progeny/this_process.h"

namespace progeny {

namespace internal {
class MemorySampler;
}

struct MemoryReportOptions final {
  // The process whose family is looked at: itself and all its descendants. A descendant whose
  // parent ends still belongs to it. What had lost its parent before it was first seen doesn't.
  ProcessId root = this_process::id();
  // From one look to the next, at least. Positive.
  absl::Duration interval = absl::Milliseconds(100);
  // Of one CPU, what looking and reading may take. In (0, 1].
  double cpu_share = 0.01;
  // Samples kept, of processes and sums together. At least 100.
  int64_t max_figures = 50'000;
  // Of the page and the table; "": the root's command line.
  std::string title = {};
};

// Of one process, or the sum over all processes, at one moment after the start of the report. A sum
// lacks a figure that one of its processes doesn't tell.
struct MemorySample {
  absl::Duration at;
  MemoryUsage usage;
  bool brief = false;  // a look: nothing but `resident` was asked for, to some 100 KiB
};

struct ProcessMemory {
  ProcessId id = 0;
  ProcessId parent_id = 0;  // when it was first seen
  std::string name;         // given to a child of ours by progeny, else the system's
  std::string command;      // command line; "" where it isn't told
  absl::Duration first_seen, last_seen;
  bool ended = false;    // before the report did
  bool readable = true;  // false: another user's, at most `resident` is known
  MemoryUsage peak;      // each figure's highest, not all of one moment
  std::vector<MemorySample> samples;
};

struct MemoryMark {
  absl::Duration at;
  std::string text;
};

// What a report has found. A value. Strings hold bytes as the system tells them, not always UTF-8.
struct MemoryRecord {
  std::string title;
  std::string system;  // "Linux 6.18.44"
  absl::Time started;
  absl::Duration duration;
  absl::Duration interval;  // as asked for
  absl::Duration reading;   // what looks and readings took: CPU time; Windows: time
  ProcessId root = 0;
  int64_t looks = 0;     // made; `total` holds those that were kept
  int64_t readings = 0;  // of the looks, those at all figures
  int64_t processes_not_kept = 0;
  std::optional<int64_t> memory_of_machine;
  MemoryUsage peak;                      // highest sums
  std::vector<MemorySample> total;       // over all processes
  std::vector<ProcessMemory> processes;  // in the order in which they were seen: parents first
  std::vector<MemoryMark> marks;

  // For a terminal: a row per process with its highest figures, in MiB, "-" for what is absent.
  std::string ToTable() const;
  // One object, bytes and milliseconds as numbers, null for what is absent; tools/progeny.1 names
  // the fields. Always valid JSON, and safe inside of HTML: '<', '>' and '&' are escaped.
  std::string ToJson() const;
  // A complete page with ToJson() inside. Light and dark as the reader's system says.
  std::string ToHtml() const;
  // Writes ToHtml() to a file (UTF-8 path), which is replaced. Errors name the path.
  absl::Status SaveHtml(const std::string& path) const;
};

// Move-only; destroying it stops it. Thread-safe. In a forked child of the process that started it
// there is no thread that reads: calls are FailedPrecondition, texts are those of an empty record,
// and destroying it does nothing.
class MemoryReport {
 public:
  // Makes the first reading, then returns. InvalidArgument names the option that makes no sense;
  // NotFound: no such root; PermissionDenied: it is another user's; ResourceExhausted: no thread.
  static absl::StatusOr<MemoryReport> Start(MemoryReportOptions options = {});

  MemoryReport(MemoryReport&&) noexcept;
  MemoryReport& operator=(MemoryReport&&) noexcept;
  ~MemoryReport();

  // Notes that something happens now. ResourceExhausted beyond 1000; FailedPrecondition when
  // stopped.
  absl::Status Mark(absl::string_view text);
  // One last reading, and the end. Idempotent.
  absl::Status Stop();
  // Until Stop, or until the root has ended, whatever of its family lives on.
  bool running() const;

  // What was found so far.
  absl::StatusOr<MemoryRecord> record() const;
  std::string ToTable() const;
  std::string ToJson() const;
  std::string ToHtml() const;

 private:
  explicit MemoryReport(std::unique_ptr<internal::MemorySampler> sampler);
  bool IsOurs() const;
  void EndOfOwner();

  std::unique_ptr<internal::MemorySampler> sampler_;
};

}  // namespace progeny

#endif  // PROGENY_MEMORY_REPORT_H_
