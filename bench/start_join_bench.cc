// What it costs to start a child that does nothing, and to join it: progeny beside the bare system
// calls, in the same rounds, by how much memory the parent holds.
//
// The floor of fork is fork + _exit + waitpid; that of spawn is posix_spawn of this very program,
// which exits first thing in main. "again" is the floor once more: what its ratio is off 1.00 by is
// noise. Boost.Process v2 with its default launcher, on the same program, has rounds of its own: it
// forks, and whoever runs after a fork pays for pages that the fork has write-protected.
//
//     start_join_bench [--benchmark_format=json] [--benchmark_filter=fork]
#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "ballast.h"
#include "floor.h"
#include "progeny/progeny.h"
#include "rounds.h"

namespace {

constexpr char kExitAtOnce[] = "--bench-exit-at-once";
constexpr int64_t kMiB = int64_t{1} << 20;

std::string& ThisProgram() {
  static std::string path;
  return path;
}

void Nothing() {}

void StartAndJoin(progeny::StartMethod method) {
  absl::StatusOr<progeny::Process> child =
      progeny::Process::Start({.start_method = method}, progeny::fn<&Nothing>);
  absl::StatusOr<progeny::ExitStatus> end = child.ok() ? child->Join() : child.status();
  if (end.ok() && end->ok()) return;
  std::cerr << progeny::Name(method) << ": " << end.status() << "\n";
  std::abort();
}

void BoostStartAndWait() {
  boost::asio::io_context context;
  boost::process::v2::process child(context, ThisProgram(), {kExitAtOnce});
  if (child.wait() != 0) std::abort();
}

std::vector<bench::Contender> ForkContenders() {
  return {{"floor", [] { bench::ForkExitWait(); }},
          {"again", [] { bench::ForkExitWait(); }},
          {"progeny", [] { StartAndJoin(progeny::StartMethod::kFork); }}};
}

std::vector<bench::Contender> SpawnContenders() {
  const auto floor = [] { bench::SpawnWait(ThisProgram().c_str(), kExitAtOnce); };
  return {{"floor", floor},
          {"again", floor},
          {"progeny", [] { StartAndJoin(progeny::StartMethod::kSpawn); }}};
}

std::vector<bench::Contender> BoostContenders() {
  const auto floor = [] { bench::SpawnWait(ThisProgram().c_str(), kExitAtOnce); };
  return {{"floor", floor}, {"again", floor}, {"boost", BoostStartAndWait}};
}

void StartJoin(benchmark::State& state, std::vector<bench::Contender> (*contenders)()) {
  constexpr size_t kWatched = 2;  // the one behind the floors
  const bench::Ballast ballast(state.range(0) * kMiB);
  bench::Rounds rounds(contenders());
  for (auto _ : state) state.SetIterationTime(rounds.RunOne(kWatched));
  for (size_t i = 0; i < rounds.contenders(); ++i) {
    state.counters[rounds.name(i) + "_us"] = rounds.MedianMicroseconds(i);
    if (i > 0) state.counters[rounds.name(i) + "_ratio"] = rounds.MedianRatio(i);
  }
}

void Register(const char* name, std::vector<bench::Contender> (*contenders)()) {
  struct Size {
    int64_t mebibytes;
    int rounds;
  };
  for (const Size size : {Size{10, 400}, Size{1024, 100}, Size{4096, 40}}) {
    benchmark::RegisterBenchmark(name, StartJoin, contenders)
        ->ArgName("parent_MiB")
        ->Arg(size.mebibytes)
        ->Iterations(size.rounds)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], kExitAtOnce) == 0) bench::ExitAtOnce();
  progeny::MainGuard guard(argc, argv);
  ThisProgram() = std::filesystem::absolute(argv[0]).string();
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    if (method == progeny::StartMethod::kFork) Register("fork", ForkContenders);
    if (method == progeny::StartMethod::kSpawn) Register("spawn", SpawnContenders);
  }
  Register("boost", BoostContenders);
  benchmark::AddCustomContext("pinned", "no; taskset -c 0 for one CPU");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
