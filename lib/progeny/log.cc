// Races:
// * A sink is replaced while another thread runs it: it is never destroyed, only no longer found.
// * A fork comes while another thread sets or runs a sink: the child finds the old or the new one
//   whole, and no lock at all.
// * A sink makes progeny say something: it would meet itself again; the inner message goes to stderr.
#include "progeny/log.h"

#include <atomic>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"

namespace progeny {
namespace {

// Reachable for ever through the newest one, so that a leak checker sees no leak.
struct Installed {
  Log::Sink sink;
  const Installed* replaced;
};

std::atomic<const Installed*> installed{nullptr};
thread_local bool in_sink = false;

// One write per line: lines of several processes don't mix.
void WriteToStderr(const Log::Message& message) {
  const std::string line = absl::StrCat(message.ToString(), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

void Say(Log::Severity severity, std::string_view text) {
  const Log::Message message{severity, text, this_process::name(), this_process::id()};
  const Installed* const current = installed.load(std::memory_order_acquire);
  if (current == nullptr || !current->sink || in_sink) return WriteToStderr(message);
  in_sink = true;
  (void)platform::RunCatching([&] { current->sink(message); });
  in_sink = false;
}

}  // namespace

std::string Log::Message::ToString() const {
  return absl::StrCat("progeny: ", process_name, " (", process_id, "): ", text);
}

void Log::SetSink(Sink sink) {
  auto* const next = new Installed{std::move(sink), installed.load(std::memory_order_acquire)};
  while (!installed.compare_exchange_weak(next->replaced, next, std::memory_order_acq_rel)) {
  }
}

void Log::Warning(std::string_view text) { Say(Severity::kWarning, text); }

void Log::Error(const absl::Status& status) { Say(Severity::kError, status.message()); }

}  // namespace progeny
