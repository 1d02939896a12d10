// Where the library itself has something to say: one sink, which the program can set.
//
//     progeny::Log::SetSink([](const progeny::Log::Message& m) { my_log.Warn(m.ToString()); });
//
// progeny is silent unless something is wrong that no return value can tell: a callback that threw,
// a child's uncaught exception, a fork beside other threads. By default such a line goes to stderr.
//
// A forked child has its parent's sink, a re-executed one the default unless
// MainGuardOptions::in_child sets one. No lock is held while the sink runs, so a fork leaves none
// held; what the sink itself locks is the sink's care.
#ifndef PROGENY_LOG_H_
#define PROGENY_LOG_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "progeny/this_process.h"

namespace progeny {

class Log {
 public:
  // kWarning: it went on, but look at it. kError: something was lost.
  enum class Severity { kWarning, kError };

  struct Message {
    Severity severity = Severity::kError;
    std::string_view text;  // one line without its end; valid during the call
    std::string process_name;
    ProcessId process_id = 0;
    // "progeny: worker-3 (4711): text", the line that the default sink writes.
    std::string ToString() const;
  };
  using Sink = std::function<void(const Message&)>;

  // From here on messages go to `sink`; an empty one is the default again. Called from whichever
  // thread has something to say, from several at once too. What it throws is dropped; what progeny
  // says while it runs goes to stderr. Thread-safe; a sink that was replaced may still be running,
  // and is kept until the process ends.
  static void SetSink(Sink sink);

  // What the library calls.
  static void Warning(std::string_view text);
  static void Error(const absl::Status& status);
};

}  // namespace progeny

#endif  // PROGENY_LOG_H_
