#include "progeny/fork_safety.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "platform/fork_child.h"
#include "platform/fork_risks.h"

namespace progeny {
namespace {

constexpr double kGiB = 1 << 30;
constexpr absl::Duration kCopyPerGiB = absl::Milliseconds(15);

struct KnownRuntime {
  absl::string_view file_prefix;
  absl::string_view name;
};
constexpr KnownRuntime kHostile[] = {
    {"libgomp.", "OpenMP (GNU)"},         {"libomp.", "OpenMP (LLVM)"},
    {"libiomp5.", "OpenMP (Intel)"},      {"libcuda.", "CUDA"},
    {"libcudart.", "CUDA"},               {"libopenblas", "OpenBLAS"},
    {"libmkl_", "MKL"},                   {"libobjc.", "Objective-C"},
};

std::vector<ForkSafetyReport::Runtime> HostileRuntimes() {
  std::vector<ForkSafetyReport::Runtime> found;
  for (const std::string& path : platform::LoadedLibraries()) {
    const absl::string_view file = absl::string_view(path).substr(path.find_last_of('/') + 1);
    for (const KnownRuntime& runtime : kHostile) {
      if (absl::StartsWith(file, runtime.file_prefix)) found.push_back({std::string(runtime.name), path});
    }
  }
  return found;
}

// At most this many of a list are worth reading.
constexpr size_t kShown = 8;

template <class List, class Formatter>
std::string Shown(const List& list, Formatter format) {
  const size_t shown = std::min(list.size(), kShown);
  std::string text = absl::StrJoin(list.begin(), list.begin() + static_cast<ptrdiff_t>(shown), ", ", format);
  if (shown < list.size()) absl::StrAppend(&text, ", and ", list.size() - shown, " more");
  return text;
}

struct AppendText {
  void operator()(std::string* out, const std::string& text) const { absl::StrAppend(out, text); }
};

void AppendCopies(const ForkSafetyReport& report, std::string& text) {
  if (!report.unflushed_streams.empty()) {
    absl::StrAppend(&text, "\nunflushed output in ", Shown(report.unflushed_streams, AppendText()),
                    ": a child that other code forks may write it again; flush before that");
  }
  if (!report.kept_over_exec.empty()) {
    absl::StrAppend(&text, "\n", report.kept_over_exec.size(), " descriptors without close-on-exec (",
                    Shown(report.kept_over_exec,
                          [](std::string* out, const ForkSafetyReport::Descriptor& descriptor) {
                            absl::StrAppend(out, descriptor.number, descriptor.what.empty() ? "" : " ",
                                            descriptor.what);
                          }),
                    "): programs that a forked child execs have them as well; open them with O_CLOEXEC");
  }
}

void AppendCosts(const ForkSafetyReport& report, std::string& text) {
  if (report.resident) {
    absl::StrAppendFormat(&text, "\n%.1f MiB resident", static_cast<double>(*report.resident) / (1 << 20));
  }
  if (report.page_table_copy && *report.page_table_copy >= absl::Milliseconds(1)) {
    absl::StrAppendFormat(&text,
                          "; a fork takes some %.0f ms to copy page tables (an estimate: less with huge "
                          "pages), a spawn doesn't depend on it",
                          absl::ToDoubleMilliseconds(*report.page_table_copy));
  }
  if (report.huge_pages == "always") {
    absl::StrAppend(&text, "\ntransparent huge pages are always on: forks are cheaper, but the first write to ",
                    "a page after a fork copies 2 MiB; madvise(MADV_NOHUGEPAGE) what both go on writing");
  }
}

}  // namespace

std::string ForkSafetyReport::ToString() const {
  std::string text = safe() ? "no other threads" : "";
  if (!safe()) {
    absl::StrAppend(&text, other_threads.size(), " other threads (", Shown(other_threads, AppendText()),
                    "): locks they hold stay locked in a forked child; start children by spawn, or ",
                    "before the threads");
  }
  for (const Runtime& runtime : hostile_runtimes) {
    absl::StrAppend(&text, "\n", runtime.name, " is loaded (", runtime.path,
                    "): a forked child can't use it once this process has; use it in spawned children");
  }
  AppendCopies(*this, text);
  AppendCosts(*this, text);
  return text;
}

ForkSafetyReport ForkSafety() {
  ForkSafetyReport report;
  report.other_threads = platform::OtherThreads();
  report.hostile_runtimes = HostileRuntimes();
  report.unflushed_streams = platform::UnflushedStreams();
  for (platform::OpenDescriptor& descriptor : platform::DescriptorsKeptOverExec()) {
    report.kept_over_exec.push_back({descriptor.number, std::move(descriptor.what)});
  }
  platform::ForkedMemory memory = platform::MemoryBeforeFork();
  report.resident = memory.resident;
  if (memory.copied_tables_for) {
    report.page_table_copy = static_cast<double>(*memory.copied_tables_for) / kGiB * kCopyPerGiB;
  }
  report.huge_pages = std::move(memory.huge_pages);
  return report;
}

}  // namespace progeny
