// What it costs to start a child of the fork server and to join it, by how much memory the parent
// holds: progeny beside a zygote written by hand (zygote.h), in the same rounds. Both children are the
// client's own, by CLONE_PARENT. "again" is the zygote once more: what its ratio is off 1.00 by is
// noise.
//
// Rows for the reader are measured after that, in rounds of their own: a bare fork + _exit + waitpid of a
// parent of 10 MiB, and CPython's forkserver, whose parent is small. A start by CPython takes 8 ms and leaves
// nothing of others in the caches: "cold_ratio" is progeny's to the zygote's in such rounds.
//
//     forkserver_bench                    # unpinned: client and server on any CPU
//     taskset -c 0 forkserver_bench       # one CPU
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "ballast.h"
#include "floor.h"
#include "progeny/progeny.h"
#include "rounds.h"
#include "zygote.h"

namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

bool has_python = false;

void Nothing() {}

void StartAndJoin() {
  absl::StatusOr<progeny::Process> child = progeny::Process::Start(
      {.start_method = progeny::StartMethod::kForkServer}, progeny::fn<&Nothing>);
  absl::StatusOr<progeny::ExitStatus> end = child.ok() ? child->Join() : child.status();
  if (end.ok() && end->ok()) return;
  std::cerr << "forkserver: " << end.status() << "\n";
  std::abort();
}

void Report(const bench::Rounds& rounds, benchmark::State& state) {
  for (size_t i = 0; i < rounds.contenders(); ++i) {
    state.counters[rounds.name(i) + "_us"] = rounds.MedianMicroseconds(i);
    if (i > 0) state.counters[rounds.name(i) + "_ratio"] = rounds.MedianRatio(i);
  }
}

void StartJoin(benchmark::State& state) {
  constexpr size_t kProgeny = 2;
  const bench::Ballast ballast(state.range(0) * kMiB);
  bench::Rounds rounds({{"zygote", [] { bench::ZygoteForkWait(); }},
                        {"again", [] { bench::ZygoteForkWait(); }},
                        {"progeny", [] { StartAndJoin(); }}});
  for (auto _ : state) state.SetIterationTime(rounds.RunOne(kProgeny));
  Report(rounds, state);

  std::vector<bench::Contender> rows = {{"cold_zygote", [] { bench::ZygoteForkWait(); }},
                                        {"cold", [] { StartAndJoin(); }}};
  if (state.range(0) == 10) rows.push_back({"fork_10MiB", [] { bench::ForkExitWait(); }});
  if (has_python) rows.push_back({"cpython", [] { bench::PythonForkserverStartJoin(); }});
  bench::Rounds others(std::move(rows));
  for (int round = 0; round < 100; ++round) others.RunOne(1);
  Report(others, state);
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  bench::StartZygote();
  has_python = bench::StartPython();
  StartAndJoin();  // the server is up then
  struct Size {
    int64_t mebibytes;
    int rounds;
  };
  for (const Size size : {Size{10, 400}, Size{1024, 200}, Size{4096, 200}}) {
    benchmark::RegisterBenchmark("forkserver", StartJoin)
        ->ArgName("parent_MiB")
        ->Arg(size.mebibytes)
        ->Iterations(size.rounds)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::AddCustomContext("pinned", "no; taskset -c 0 for one CPU");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
