// Ctrl-C and its relatives, as handles that a thread can wait for.
//
//   POSIX    SIGINT. A handler is installed while a listener lives, and what was there before is put
//            back. If SIGINT is ignored (a job in the background), it stays so and nothing is told. In a
//            forked child the handler is not meant: what was there before is put back, and happens.
//   Windows  CTRL_C and CTRL_BREAK of the console, and Interrupt() by a progeny parent.
#ifndef PROGENY_PLATFORM_INTERRUPT_H_
#define PROGENY_PLATFORM_INTERRUPT_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/handle.h"

namespace progeny::platform {

// Who else was told of an interrupt.
enum class Told {
  kThisProcess,    // somebody has interrupted this process (kill -INT)
  kWholeTerminal,  // the terminal has told everybody in the foreground
};

// One at a time in a process: a second one is FailedPrecondition.
class InterruptListener {
 public:
  static absl::StatusOr<InterruptListener> Begin();
  InterruptListener(InterruptListener&&) noexcept = default;
  InterruptListener& operator=(InterruptListener&&) = delete;
  ~InterruptListener();

  // What was there before handles interrupts again; what was told until then can still be taken.
  void End();

  // Ready while there is an interrupt that was not taken. Borrowed.
  NativeHandle handle() const { return ready_.get(); }
  // Takes all interrupts so far, together; nothing if there were none.
  std::optional<Told> Take();

 private:
  explicit InterruptListener(Handle ready) : ready_(std::move(ready)) {}
  Handle ready_;
};

// Whether the terminal tells `process`, which is a child of this one, when it tells this process.
bool SharesTerminal(ProcessId process);

// A shell's code for a program that Ctrl-C has ended.
inline constexpr int kInterruptedProgramExitCode = 130;

// Ends this process, whatever its other threads do: the standard streams are flushed if no other
// thread is in them, no destructor and no atexit function runs.
[[noreturn]] void EndInterrupted();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_INTERRUPT_H_
