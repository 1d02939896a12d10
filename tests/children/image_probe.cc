// A program that does something to its own file and then starts itself: `image_probe <what> <own
// path> [<other program>]` prints what children of it answer: a spawned one, one of a fork server that
// was started before, one of a server that is started after.
#include <cstdio>
#include <filesystem>
#include <string>

#include "progeny/call.h"
#include "progeny/fork_server.h"
#include "progeny/main_guard.h"

namespace {

int Answer(int x) { return x + PROGENY_PROBE_BUILD; }

void Change(const std::string& what, const std::filesystem::path& own, const char* other) {
  const std::filesystem::path aside = own.string() + ".aside";
  if (what == "rename") std::filesystem::rename(own, aside);
  if (what == "delete") std::filesystem::remove(own);
  if (what == "replace") {
    std::filesystem::rename(own, aside);
    std::filesystem::copy_file(other, own);
  }
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  const std::string what = argc > 1 ? argv[1] : "";
  (void)progeny::ForkServer::Start();
  if (argc > 2) Change(what, argv[2], argc > 3 ? argv[3] : "");
  progeny::ProcessOptions options{.start_method = progeny::StartMethod::kSpawn};
  if (what == "other") options.executable = argv[2];
  for (int i = 0; i < 3; ++i) {
    if (i > 0) options.start_method = progeny::StartMethod::kForkServer;
    if (i == 2) progeny::ForkServer::Stop();
    const absl::StatusOr<int> answer = progeny::Call(options, progeny::fn<&Answer>, i);
    std::printf("answer %s\n", answer.ok() ? std::to_string(*answer).c_str()
                                           : answer.status().ToString().c_str());
  }
  return 0;
}
