// The first line of main: here a re-executed child turns off.
//
//     int main(int argc, char** argv) {
//       progeny::MainGuard guard(argc, argv);
//       ...
//     }
//
// StartMethod::kSpawn starts this program's own image anew, kForkServer once, as a server. In that process the guard runs what the
// parent asked for and ends the process; whatever stands behind it exists in the parent only.
#ifndef PROGENY_MAIN_GUARD_H_
#define PROGENY_MAIN_GUARD_H_

namespace progeny {

struct MainGuardOptions {
  // Runs in each re-executed child before its work, and once in a fork server, whose children inherit
  // what it does: flags, logging and locale that main sets up after the guard do not exist there.
  void (*in_child)() = nullptr;
};

// Elsewhere than in a re-executed child the constructor returns at once (below 10 us). A second
// guard in a process does nothing. `argc` and `argv` are the user's own afterwards.
//
// Without a guard, starting a re-executed child is FailedPrecondition. A re-executed child that
// reaches user code and has met no guard can start no process.
class MainGuard {
 public:
  MainGuard(int& argc, char** argv, MainGuardOptions options = {});
  // For a main without argc and argv (WinMain, wmain, a library's initialiser).
  explicit MainGuard(MainGuardOptions options = {});

  MainGuard(const MainGuard&) = delete;
  MainGuard& operator=(const MainGuard&) = delete;
};

}  // namespace progeny

#endif  // PROGENY_MAIN_GUARD_H_
