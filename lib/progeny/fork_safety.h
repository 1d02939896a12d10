// Pre-flight: what a fork of this process would lose, double or pay for.
//
//     const progeny::ForkSafetyReport report = progeny::ForkSafety();
//     if (!report.safe()) std::cerr << report.ToString();
//
// A forked child has one thread, a copy of the caller's, and everything else as it was at that
// moment: locks that other threads held, buffers half full, descriptors. What of that exists here
// is told, each with the next step. A start by fork looks at the threads alone; what it does about
// them is ProcessOptions::fork_safety.
#ifndef PROGENY_FORK_SAFETY_H_
#define PROGENY_FORK_SAFETY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace progeny {

// A value, as of the moment of the call. Empty where there is no fork.
struct ForkSafetyReport {
  // Names of the other threads: a forked child has none of them, but every lock they hold. An
  // instrumented program's sanitizer may have one as well.
  std::vector<std::string> other_threads;

  // A library that is known not to survive a fork once it has been used. Found by the names of what
  // is loaded; one that was linked in statically isn't seen.
  struct Runtime {
    std::string name;  // "OpenMP (GNU)", "CUDA"
    std::string path;
  };
  std::vector<Runtime> hostile_runtimes;

  // Output streams that hold something. A child of progeny's drops its copy; one that foreign code
  // forks may write it a second time.
  std::vector<std::string> unflushed_streams;

  // Descriptors, but for the standard streams, that a program inherits which a forked child execs.
  struct Descriptor {
    int number = -1;
    std::string what;  // a path or the like; empty where it isn't told
  };
  std::vector<Descriptor> kept_over_exec;

  std::optional<int64_t> resident;  // bytes
  // An estimate of how long a fork keeps its caller: 15 ms per GiB of private memory in pages of
  // 4 KiB, as measured on the machine of docs/design.md. Huge pages make it less. The child's end
  // costs about as much again. Absent where the kernel copies no page tables, or doesn't tell.
  std::optional<absl::Duration> page_table_copy;
  // When the kernel makes huge pages by itself: "always", "madvise", "never"; "" where not told.
  std::string huge_pages;

  // No other threads. The rest is about costs and surprises; a runtime that runs has threads.
  bool safe() const { return other_threads.empty(); }

  // Lines to read: the verdict, then each finding with its next step.
  std::string ToString() const;
};

// Costs some 0.1 ms, more with thousands of threads or descriptors. Thread-safe.
ForkSafetyReport ForkSafety();

}  // namespace progeny

#endif  // PROGENY_FORK_SAFETY_H_
