// The terminal that a program runs in: whether there is one, how big it is, and single keys.
//
// What is shown is plain ANSI text on standard output, which terminals of every system understand
// once TerminalScreen has been opened; only what needs a system call is here.
#ifndef PROGENY_PLATFORM_TERMINAL_H_
#define PROGENY_PLATFORM_TERMINAL_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "platform/handle.h"

namespace progeny::platform {

// Whether standard input and standard output both are a terminal.
bool HasTerminal();

struct TerminalSize {
  int rows = 24;
  int columns = 80;
};

// Of the terminal that standard error goes to, now; absent where it goes elsewhere.
std::optional<TerminalSize> ErrorTerminal();

// Of the terminal behind standard output, now; 24 x 80 where there is none. A change of it is told
// by UserSignals on POSIX, and by nobody on Windows.
TerminalSize GetTerminalSize();

// Takes the terminal over: keys come singly and aren't echoed, Ctrl-Z is off, the other screen is
// shown and the cursor hidden. Ctrl-C stays a signal. The destructor puts all of it back; a program
// that is killed can't. One at a time.
class TerminalScreen {
 public:
  // FailedPrecondition where HasTerminal() is false.
  static absl::StatusOr<TerminalScreen> Open();
  TerminalScreen(TerminalScreen&&) noexcept;
  TerminalScreen& operator=(TerminalScreen&&) = delete;
  ~TerminalScreen();

  // Ready, as in WaitForAny, when a key may have been pressed. Borrowed.
  NativeHandle keys() const;
  // The next key that is waiting; of a terminal that is gone always "q". Keys that are no character
  // are left out, or come as what the terminal sends for them.
  std::optional<char> ReadKey();

 private:
  class State;  // per OS
  explicit TerminalScreen(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_TERMINAL_H_
