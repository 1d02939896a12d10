#include "platform/terminal.h"

#include "absl/status/status.h"

namespace progeny::platform {

class TerminalScreen::State {};

bool HasTerminal() { return false; }

std::optional<TerminalSize> ErrorTerminal() { return std::nullopt; }

TerminalSize GetTerminalSize() { return {}; }

TerminalScreen::TerminalScreen(std::unique_ptr<State> state) : state_(std::move(state)) {}
TerminalScreen::TerminalScreen(TerminalScreen&&) noexcept = default;
TerminalScreen::~TerminalScreen() = default;

absl::StatusOr<TerminalScreen> TerminalScreen::Open() {
  return absl::UnimplementedError("open the screen: not ported to this operating system");
}

NativeHandle TerminalScreen::keys() const { return kNoHandle; }

std::optional<char> TerminalScreen::ReadKey() { return std::nullopt; }

}  // namespace progeny::platform
