// What people and systems send to a program to steer it (Ctrl-C, hang-up, terminate, a window that
// changed its size), as events to wait for instead of handlers.
//
// For programs of our own only: a library must leave its host's signals alone.
#ifndef PROGENY_PLATFORM_USER_SIGNALS_H_
#define PROGENY_PLATFORM_USER_SIGNALS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "platform/handle.h"

namespace progeny::platform {

struct UserSignal {
  enum class Kind { kInterrupt, kEnd, kResize, kOther };
  Kind kind = Kind::kOther;
  int number = 0;  // the system's
  // The terminal has sent it to the whole foreground group: children have it already.
  bool from_terminal = false;
};

// Catches SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and SIGWINCH, but for those that were
// ignored when it came (nohup); Windows: the console's events. Programs started meanwhile have the
// default actions. One at a time per process; not for processes that fork meanwhile.
class UserSignals {
 public:
  static absl::StatusOr<UserSignals> Catch();
  UserSignals(UserSignals&&) noexcept = default;
  UserSignals& operator=(UserSignals&&) = delete;
  ~UserSignals();  // signals act as before; what was not taken is lost

  // Ready, as in WaitForAny, when there is something to take.
  NativeHandle handle() const { return ready_.get(); }
  std::optional<UserSignal> Take();

 private:
  UserSignals() = default;
  Handle ready_;
  Handle writer_;  // the other end, where the system's object has two
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_USER_SIGNALS_H_
