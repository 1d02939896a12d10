// The console calls back on a thread of its own. After "close" the process is ended as soon as the
// callback returns, so that one waits for the program to finish by itself.
#include "platform/user_signals.h"

#include <csignal>
#include <deque>
#include <mutex>

#include "absl/status/status.h"
#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr DWORD kTimeToEndMs = 4000;
constexpr int kHangUp = 1;  // as it is numbered elsewhere

struct Inbox {
  std::mutex mutex;
  HANDLE ready = nullptr;          // under mutex; borrowed from the UserSignals there is
  std::deque<UserSignal> waiting;  // under mutex
};

Inbox& TheInbox() {
  static Inbox& inbox = *new Inbox;
  return inbox;
}

BOOL WINAPI OnConsoleEvent(DWORD event) {
  {
    std::lock_guard<std::mutex> lock(TheInbox().mutex);
    if (TheInbox().ready == nullptr) return FALSE;
    UserSignal signal{.kind = UserSignal::Kind::kEnd, .number = kHangUp, .from_terminal = true};
    if (event == CTRL_C_EVENT) signal.kind = UserSignal::Kind::kInterrupt;
    if (event == CTRL_C_EVENT) signal.number = SIGINT;
    if (event == CTRL_BREAK_EVENT) signal.number = SIGBREAK;
    TheInbox().waiting.push_back(signal);
    SetEvent(TheInbox().ready);
  }
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) Sleep(kTimeToEndMs);
  return TRUE;
}

}  // namespace

absl::StatusOr<UserSignals> UserSignals::Catch() {
  UserSignals signals;
  const HANDLE ready = CreateEventW(nullptr, TRUE, FALSE, nullptr);
  if (ready == nullptr) return LastOsError("create an event", "");
  signals.ready_ = Handle(FromHandle(ready));
  std::lock_guard<std::mutex> lock(TheInbox().mutex);
  if (TheInbox().ready != nullptr) {
    signals.ready_.Reset();
    return absl::FailedPreconditionError("catch signals: this process catches them already");
  }
  if (!SetConsoleCtrlHandler(&OnConsoleEvent, TRUE)) {
    return LastOsError("catch the console's events", "");
  }
  TheInbox().ready = ready;
  return signals;
}

UserSignals::~UserSignals() {
  if (!ready_.valid()) return;
  SetConsoleCtrlHandler(&OnConsoleEvent, FALSE);
  std::lock_guard<std::mutex> lock(TheInbox().mutex);
  if (TheInbox().ready != ToHandle(ready_.get())) return;
  TheInbox().ready = nullptr;
  TheInbox().waiting.clear();
}

std::optional<UserSignal> UserSignals::Take() {
  std::lock_guard<std::mutex> lock(TheInbox().mutex);
  if (TheInbox().waiting.empty()) {
    ResetEvent(ToHandle(ready_.get()));
    return std::nullopt;
  }
  const UserSignal signal = TheInbox().waiting.front();
  TheInbox().waiting.pop_front();
  return signal;
}

}  // namespace progeny::platform
