#include "platform/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/status/status.h"
#include "platform/error.h"

namespace progeny::platform {

class TerminalScreen::State {
 public:
  explicit State(const termios& before) : before_(before) {}
  ~State() {
    std::fputs("\x1B[?25h\x1B[?1049l", stdout);
    std::fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

 private:
  const termios before_;
};

bool HasTerminal() { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

std::optional<TerminalSize> ErrorTerminal() {
  if (isatty(STDERR_FILENO) != 1) return std::nullopt;
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    return TerminalSize{};
  return TerminalSize{.rows = size.ws_row, .columns = size.ws_col};
}

TerminalSize GetTerminalSize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    return {};
  return TerminalSize{.rows = size.ws_row, .columns = size.ws_col};
}

TerminalScreen::TerminalScreen(std::unique_ptr<State> state) : state_(std::move(state)) {}
TerminalScreen::TerminalScreen(TerminalScreen&&) noexcept = default;
TerminalScreen::~TerminalScreen() = default;

absl::StatusOr<TerminalScreen> TerminalScreen::Open() {
  if (!HasTerminal()) {
    return absl::FailedPreconditionError("open the screen: this program runs in no terminal");
  }
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return LastOsError("ask the terminal's mode", "");
  termios single = before;
  single.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  single.c_cc[VMIN] = 1;
  single.c_cc[VTIME] = 0;
  single.c_cc[VSUSP] = _POSIX_VDISABLE;
  if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &single) != 0) {
    return LastOsError("change the terminal's mode", "");
  }
  TerminalScreen screen(std::make_unique<State>(before));
  std::fputs("\x1B[?1049h\x1B[?25l", stdout);
  std::fflush(stdout);
  return screen;
}

NativeHandle TerminalScreen::keys() const { return STDIN_FILENO; }

std::optional<char> TerminalScreen::ReadKey() {
  pollfd entry{STDIN_FILENO, POLLIN, 0};
  if (poll(&entry, 1, 0) <= 0) return std::nullopt;
  char key = 0;
  ssize_t got;
  do {
    got = read(STDIN_FILENO, &key, 1);
  } while (got < 0 && errno == EINTR);
  // A terminal that has gone away is at its end for ever: it says the key that quits, again and
  // again.
  return got == 1 ? key : 'q';
}

}  // namespace progeny::platform
