#include "children/plugin.h"

#include <cstdio>

#include "progeny/call.h"
#include "progeny/pool.h"
#include "progeny/worker_state.h"

namespace {

int Squared(int x) { return x * x; }

struct Times {
  int factor = 0;
};
Times MakeTimes(int factor) { return {factor}; }
int Multiplied(Times& times, int x) { return times.factor * x; }

// The same by a pool whose workers have state.
absl::StatusOr<int> SquaredInAPool(const progeny::ProcessOptions& options, int x) {
  auto pool = progeny::Pool::Create({.workers = 1, .process = options},
                                    progeny::WithState<Times>(progeny::fn<&MakeTimes>), x);
  if (!pool.ok()) return pool.status();
  return pool->Apply(progeny::fn<&Multiplied>, x);
}

}  // namespace

int RunPlugin(const char* worker, int x) {
  progeny::ProcessOptions options{.start_method = progeny::StartMethod::kSpawn};
  options.executable = worker;
  const absl::StatusOr<int> result = progeny::Call(options, progeny::fn<&Squared>, x);
  const absl::StatusOr<int> again = result.ok() ? SquaredInAPool(options, x) : result;
  if (again.ok() && *again == *result) return *result;
  std::fprintf(stderr, "%s\n", again.status().ToString().c_str());
  return -1;
}

int PluginVersion() { return 1; }
