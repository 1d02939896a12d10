// What a pool costs: progeny beside a pool written by hand that can do nothing else (pool_floor.h),
// and beside CPython's Pool and ProcessPoolExecutor, in the same rounds. Each figure is the time of
// one task (of one job in starmap, create, argument and result), its median over the rounds, and
// the median ratio to the floor. "again" is the floor once more: what its ratio is off 1.00 by is
// noise.
//
//     pool_bench [--benchmark_filter=squares] [--benchmark_format=json]
//
// bench/compare runs it and says which goals are reached.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "one_worker.h"
#include "pool_contenders.h"
#include "pool_floor.h"
#include "progeny/progeny.h"
#include "python_peer.h"
#include "rounds.h"

namespace {

using bench::AddFloor;
using bench::AddPython;
using bench::Contenders;
using bench::Cpus;
using bench::Each;
using bench::OneWorker;
using bench::PoolFloor;
using bench::Repeated;
using bench::StarArguments;
using bench::Told;

constexpr int64_t kStarSteps = int64_t{1} << 20;

int64_t One(int64_t microseconds) { return bench::SpinMicroseconds(microseconds), 1; }
int64_t Last(const std::vector<int64_t>& numbers) { return numbers.back(); }
int64_t LastSeen(absl::Span<const int64_t> numbers) { return numbers.back(); }
std::vector<int64_t> Numbers(int64_t count) {
  return std::vector<int64_t>(static_cast<size_t>(count), count);
}

template <class T>
T Value(absl::StatusOr<T> result) {
  if (result.ok()) return *std::move(result);
  std::cerr << "progeny: " << result.status() << "\n";
  std::abort();
}

void Expect(bool right) {
  if (right) return;
  std::cerr << "a wrong result\n";
  std::abort();
}

std::shared_ptr<progeny::Pool> MakePool(int workers,
                                        progeny::StartMethod method = progeny::StartMethod::kFork) {
  return std::make_shared<progeny::Pool>(
      Value(progeny::Pool::Create({.workers = workers, .process = {.start_method = method}})));
}

// Not std::views::iota: clang before 16 can't make a view of libstdc++'s.
std::vector<int64_t> UpTo(int64_t count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), int64_t{0});
  return numbers;
}

Contenders Squares(int workers) {
  auto floor = std::make_shared<PoolFloor>(workers);
  auto pool = MakePool(workers);
  Contenders all;
  AddFloor(all, 100'000, [floor](int64_t count) { floor->Squares(count); });
  all.push_back(Each("progeny", 100'000, [pool](int64_t count) {
    Expect(Value(pool->Map(progeny::fn<&bench::Square>, UpTo(count),
                           {.chunk_size = 1}))
               .back() == (count - 1) * (count - 1));
  }));
  all.push_back(Each("adaptive", 100'000, [pool](int64_t count) {
    Value(pool->Map(progeny::fn<&bench::Square>, UpTo(count)));
  }));
  AddPython(all, absl::StrCat("squares KIND ", workers), 2'000);
  return all;
}

Contenders Reply() {
  auto floor = std::make_shared<PoolFloor>(1);
  auto pool = MakePool(1);
  Contenders all;
  AddFloor(all, 2'000, [floor](int64_t count) { floor->OneByOne(count); });
  all.push_back(Each("progeny", 2'000, [pool](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      Expect(Value(pool->Apply(progeny::fn<&bench::Square>, i)) == i * i);
    }
  }));
  AddPython(all, "reply KIND 1", 200);
  return all;
}

Contenders Spins() {
  auto floor = std::make_shared<PoolFloor>(2);
  auto pool = MakePool(2);
  Contenders all;
  const auto run = [pool](int64_t chunk) {
    return [=](int64_t count) {
      const std::vector<int64_t> tasks(static_cast<size_t>(count), 10);
      Value(pool->Map(progeny::fn<&One>, tasks, {.chunk_size = chunk}));
    };
  };
  AddFloor(all, 4'000, [floor](int64_t count) { floor->SpinTasks(count, 10); });
  all.push_back(Each("progeny", 4'000, run(0)));
  all.push_back(Each("chunk_1", 4'000, run(1)));
  AddPython(all, "spins KIND 2", 1'000);
  return all;
}

std::vector<StarArguments> StarTasks() {
  std::vector<StarArguments> tasks;
  for (int64_t i = 0; i < kStarSteps; ++i) tasks.emplace_back(i, 0.5);
  return tasks;
}

void StarMap(progeny::Pool& pool, const std::vector<StarArguments>& tasks) {
  Expect(Value(pool.StarMap(progeny::fn<&bench::Step>, tasks, {.chunk_size = kStarSteps / 8}))
             .back() == bench::Step(kStarSteps - 1, 0.5));
}

// Several a round: where the scheduler puts ten processes on few CPUs is another matter each time.
Contenders StarMapWarm() {
  constexpr int64_t kCalls = 8;
  const auto tasks = StarTasks();
  auto floor = std::make_shared<PoolFloor>(8);
  auto pool = MakePool(8);
  Contenders all;
  AddFloor(all, kCalls, Repeated([=] { floor->StarMap(tasks); }));
  all.push_back(Each("progeny", kCalls, Repeated([=] { StarMap(*pool, tasks); })));
  all.push_back(Each("loop", kCalls, Repeated([=] {
    std::vector<StarArguments> results;
    for (const auto& [step, y] : tasks) results.push_back(bench::Step(step, y));
    benchmark::DoNotOptimize(results.data());
  })));
  AddPython(all, "starmap_warm KIND 8", kStarSteps, Told::kWhole);
  return all;
}

Contenders StarMapCold() {
  const auto tasks = StarTasks();
  Contenders all;
  AddFloor(all, 1, [=](int64_t) { PoolFloor(8).StarMap(tasks); });
  all.push_back(Each("progeny", 1, [=](int64_t) { StarMap(*MakePool(8), tasks); }));
  AddPython(all, "starmap_cold KIND 8", kStarSteps, Told::kWhole);
  return all;
}

Contenders Create(progeny::StartMethod method) {
  Contenders all;
  AddFloor(all, 1, [](int64_t) { PoolFloor(4).OneByOne(1); });
  all.push_back(Each("progeny", 1, [=](int64_t) {
    Expect(Value(MakePool(4, method)->Apply(progeny::fn<&bench::Square>, 7)) == 49);
  }));
  AddPython(all, absl::StrCat("create_", progeny::Name(method), " KIND 4"), 1);
  return all;
}

// Several of 1 MiB a round, so that what other contenders have done to the caches counts once.
int64_t CallsOf(int64_t mebibytes) { return mebibytes > 1 ? 1 : 8; }

Contenders Argument(int64_t mebibytes, Cpus cpus) {
  const std::vector<int64_t> numbers(static_cast<size_t>(mebibytes << 17), mebibytes);
  auto worker = std::make_shared<OneWorker>(cpus);
  const int64_t calls = CallsOf(mebibytes);
  Contenders all;
  AddFloor(all, calls, Repeated([=] { worker->floor().Argument(numbers); }));
  all.push_back(Each("progeny", calls, Repeated([=] {
    Expect(Value(worker->pool().Apply(progeny::fn<&Last>, numbers)) == mebibytes);
  })));
  all.push_back(Each("span", calls, Repeated([=] {
    Expect(Value(worker->pool().Apply(progeny::fn<&LastSeen>, numbers)) == mebibytes);
  })));
  AddPython(all, absl::StrCat("argument_", mebibytes, " KIND 1"), 1);
  return all;
}

Contenders Result(int64_t mebibytes, Cpus cpus) {
  auto worker = std::make_shared<OneWorker>(cpus);
  const int64_t calls = CallsOf(mebibytes);
  const int64_t count = mebibytes << 17;
  Contenders all;
  AddFloor(all, calls, Repeated([=] { worker->floor().Result(count); }));
  all.push_back(Each("progeny", calls, Repeated([=] {
    Expect(Value(worker->pool().Apply(progeny::fn<&Numbers>, count)).back() == count);
  })));
  AddPython(all, absl::StrCat("result_", mebibytes, " KIND 1"), 1);
  return all;
}

constexpr size_t kProgeny = 2;

void RunCase(benchmark::State& state, const std::function<Contenders()>& contenders) {
  bench::Rounds rounds(contenders());
  for (auto _ : state) state.SetIterationTime(rounds.RunOne(kProgeny));
  for (size_t i = 0; i < rounds.contenders(); ++i) {
    state.counters[rounds.name(i) + "_us"] = rounds.MedianMicroseconds(i);
    if (i > 0) state.counters[rounds.name(i) + "_ratio"] = rounds.MedianRatio(i);
  }
}

void Register(const std::string& name, int rounds, const std::function<Contenders()>& contenders) {
  benchmark::RegisterBenchmark(name.c_str(), RunCase, contenders)
      ->Iterations(rounds)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

void RegisterAll() {
  for (const int workers : {1, 2}) {
    Register(absl::StrCat("squares/workers:", workers), 40, [=] { return Squares(workers); });
  }
  Register("reply", 40, Reply);
  Register("spins_10us/workers:2", 40, Spins);
  Register("starmap_warm/workers:8", 15, StarMapWarm);
  Register("starmap_cold/workers:8", 15, StarMapCold);
  for (const progeny::StartMethod method : progeny::AvailableStartMethods()) {
    Register(absl::StrCat("create_", progeny::Name(method), "/workers:4"), 20,
             [=] { return Create(method); });
  }
  Register("argument_64MiB", 15, [] { return Argument(64, Cpus::kAny); });
  Register("argument_1MiB/cpus:1", 60, [] { return Argument(1, Cpus::kOne); });
  Register("result_1MiB/cpus:1", 60, [] { return Result(1, Cpus::kOne); });
  if (progeny::UsableCpus() < 2) return;
  Register("argument_1MiB/cpus:2", 60, [] { return Argument(1, Cpus::kTwo); });
  Register("result_1MiB/cpus:2", 60, [] { return Result(1, Cpus::kTwo); });
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  bench::StartPythonPeer();
  RegisterAll();
  benchmark::AddCustomContext("pinned", "no");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  bench::EndPythonPeer();
}
