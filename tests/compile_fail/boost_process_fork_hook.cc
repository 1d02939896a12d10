// expect: progeny::BoostLauncher does not fork, so this initialiser's on_exec_setup
#include "progeny/boost_process.h"

// As written for Boost's launchers, whose forked child runs it.
struct NewSession {
  template <class Launcher, class Path>
  boost::process::v2::error_code on_exec_setup(Launcher&, const Path&, const char* const*&) {
    return {};
  }
};

int main() {
  boost::asio::any_io_executor executor;
  progeny::BoostLauncher()(executor, "/bin/true", {}, NewSession());
}
