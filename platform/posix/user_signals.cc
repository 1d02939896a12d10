// A handler that writes to a pipe: what a signal finds the program doing is no matter.
//
// Races:
// * A signal comes while Catch or the destructor is at work: the handler looks at the pipe's
// number,
//   which is set before the first handler is in place and taken back after the last one is gone.
// * The pipe is full: the signal is dropped; 32,000 before it are waiting to be taken.
#include "platform/user_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {
namespace {

constexpr int kCaught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

std::atomic<int> pipe_to_reader{-1};

struct Replaced {
  int number;
  struct sigaction before;
};

// Of the one UserSignals there is.
std::vector<Replaced>& ReplacedActions() {
  static auto& actions = *new std::vector<Replaced>;
  return actions;
}

struct Arrival {
  unsigned char number;
  unsigned char from_terminal;
};

void OnSignal(int number, siginfo_t* info, void*) {
  const int error = errno;
  // The kernel itself is no process. SI_USER with no process comes from outside of a container.
  const bool from_terminal = info->si_pid == 0 && info->si_code != SI_USER;
  const Arrival arrival{static_cast<unsigned char>(number), from_terminal};
  (void)!write(pipe_to_reader.load(), &arrival, sizeof arrival);
  errno = error;
}

UserSignal::Kind KindOf(int number) {
  switch (number) {
    case SIGINT:
      return UserSignal::Kind::kInterrupt;
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
      return UserSignal::Kind::kEnd;
    case SIGWINCH:
      return UserSignal::Kind::kResize;
    default:
      return UserSignal::Kind::kOther;
  }
}

}  // namespace

absl::StatusOr<UserSignals> UserSignals::Catch() {
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  for (const Handle* end : {&ends->read, &ends->write}) {
    if (fcntl(static_cast<int>(end->get()), F_SETFL, O_NONBLOCK) != 0) {
      return LastOsError("prepare a pipe for signals", "");
    }
  }
  int nobody = -1;
  if (!pipe_to_reader.compare_exchange_strong(nobody, static_cast<int>(ends->write.get()))) {
    return absl::FailedPreconditionError("catch signals: this process catches them already");
  }
  UserSignals signals;
  signals.ready_ = std::move(ends->read);
  signals.writer_ = std::move(ends->write);
  struct sigaction action {};
  action.sa_sigaction = &OnSignal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int number : kCaught) {
    Replaced replaced{number, {}};
    sigaction(number, nullptr, &replaced.before);
    if (replaced.before.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
    ReplacedActions().push_back(replaced);
  }
  return signals;
}

UserSignals::~UserSignals() {
  if (!writer_.valid()) return;
  for (const Replaced& replaced : ReplacedActions()) {
    sigaction(replaced.number, &replaced.before, nullptr);
  }
  ReplacedActions().clear();
  pipe_to_reader = -1;
}

std::optional<UserSignal> UserSignals::Take() {
  Arrival arrival{};
  ssize_t got;
  do {
    got = read(static_cast<int>(ready_.get()), &arrival, sizeof arrival);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof arrival) return std::nullopt;
  return UserSignal{
      .kind = KindOf(arrival.number), .number = arrival.number, .from_terminal = arrival.from_terminal != 0};
}

}  // namespace progeny::platform
