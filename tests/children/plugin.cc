#include "children/plugin.h"

#include <cstdio>

#include "progeny/call.h"

namespace {

int Squared(int x) { return x * x; }

}  // namespace

int RunPlugin(const char* worker, int x) {
  progeny::ProcessOptions options{.start_method = progeny::StartMethod::kSpawn};
  options.executable = worker;
  const absl::StatusOr<int> result = progeny::Call(options, progeny::fn<&Squared>, x);
  if (result.ok()) return *result;
  std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
  return -1;
}

int PluginVersion() { return 1; }
