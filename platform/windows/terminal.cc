#include "platform/terminal.h"

#include <cstdio>

#include "absl/status/status.h"
#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

HANDLE Input() { return GetStdHandle(STD_INPUT_HANDLE); }
HANDLE Output() { return GetStdHandle(STD_OUTPUT_HANDLE); }

}  // namespace

class TerminalScreen::State {
 public:
  State(DWORD input, DWORD output) : input_(input), output_(output) {}
  ~State() {
    std::fputs("\x1B[?25h\x1B[?1049l", stdout);
    std::fflush(stdout);
    SetConsoleMode(Input(), input_);
    SetConsoleMode(Output(), output_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

 private:
  const DWORD input_;
  const DWORD output_;
};

bool HasTerminal() {
  DWORD mode = 0;
  return GetConsoleMode(Input(), &mode) && GetConsoleMode(Output(), &mode);
}

std::optional<TerminalSize> ErrorTerminal() {
  CONSOLE_SCREEN_BUFFER_INFO info;
  if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &info)) return std::nullopt;
  return TerminalSize{.rows = info.srWindow.Bottom - info.srWindow.Top + 1,
                      .columns = info.srWindow.Right - info.srWindow.Left + 1};
}

TerminalSize GetTerminalSize() {
  CONSOLE_SCREEN_BUFFER_INFO info;
  if (!GetConsoleScreenBufferInfo(Output(), &info)) return {};
  return TerminalSize{.rows = info.srWindow.Bottom - info.srWindow.Top + 1,
                      .columns = info.srWindow.Right - info.srWindow.Left + 1};
}

TerminalScreen::TerminalScreen(std::unique_ptr<State> state) : state_(std::move(state)) {}
TerminalScreen::TerminalScreen(TerminalScreen&&) noexcept = default;
TerminalScreen::~TerminalScreen() = default;

absl::StatusOr<TerminalScreen> TerminalScreen::Open() {
  DWORD input = 0;
  DWORD output = 0;
  if (!GetConsoleMode(Input(), &input) || !GetConsoleMode(Output(), &output)) {
    return absl::FailedPreconditionError("open the screen: this program runs in no terminal");
  }
  if (!SetConsoleMode(Output(), output | ENABLE_VIRTUAL_TERMINAL_PROCESSING) ||
      !SetConsoleMode(Input(), ENABLE_PROCESSED_INPUT)) {
    return LastOsError("change the console's mode", "");
  }
  TerminalScreen screen(std::make_unique<State>(input, output));
  std::fputs("\x1B[?1049h\x1B[?25l", stdout);
  std::fflush(stdout);
  return screen;
}

NativeHandle TerminalScreen::keys() const { return FromHandle(Input()); }

std::optional<char> TerminalScreen::ReadKey() {
  INPUT_RECORD record;
  DWORD count = 0;
  while (PeekConsoleInputW(Input(), &record, 1, &count) && count > 0) {
    if (!ReadConsoleInputW(Input(), &record, 1, &count)) break;
    const KEY_EVENT_RECORD& key = record.Event.KeyEvent;
    if (record.EventType == KEY_EVENT && key.bKeyDown && key.uChar.AsciiChar != 0) {
      return key.uChar.AsciiChar;
    }
  }
  return std::nullopt;
}

}  // namespace progeny::platform
