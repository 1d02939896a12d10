// expect: is it written for one of Boost's own launchers
#include "progeny/boost_process.h"

struct ForBoostsLauncher {
  boost::process::v2::error_code on_setup(boost::process::v2::default_process_launcher&,
                                          const boost::process::v2::filesystem::path&,
                                          const char* const*&) {
    return {};
  }
};

int main() {
  boost::asio::any_io_executor executor;
  progeny::BoostLauncher()(executor, "/bin/true", {}, ForBoostsLauncher());
}
