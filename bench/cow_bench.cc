// What a child costs beside gigabytes in a Cow: to start it, to read all of it, to write every page.
//
// Processes of their own hold the memory, and take the time themselves: one holds nothing, one as much
// in anonymous memory, one a Cow, one a Cow to which it has written a page. In each round each of them
// works once, in random order. The floor of "start_by_fork" is fork + _exit + waitpid in the process
// that holds nothing; that of "start_by_spawn" is posix_spawn there of this program, which exits first
// thing in main. "again" is the floor once more: what its ratio is off 1.00 by is noise.
//
//     cow_bench [--benchmark_format=json] [--benchmark_filter=fork]      (needs 3 times the memory)
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "floor.h"
#include "progeny/progeny.h"
#include "rounds.h"

namespace {

using progeny::StartMethod;
using Block = std::pmr::vector<char>;
using Data = progeny::Cow<Block>;

constexpr char kExitAtOnce[] = "--bench-exit-at-once";
constexpr int64_t kMiB = int64_t{1} << 20;
constexpr size_t kPage = 4096;

std::string& ThisProgram() {
  static std::string path;
  return path;
}

template <class T>
T Must(absl::StatusOr<T> result) {
  if (result.ok()) return *std::move(result);
  std::cerr << result.status() << "\n";
  std::abort();
}

template <class Body>
double Seconds(Body body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Data MakeData(int64_t bytes, progeny::CowOptions options = {}) {
  return Must(progeny::MakeCow<Block, false>(
      [&](Block& block) { block.resize(static_cast<size_t>(bytes), 1); }, options));
}

// ---- what children do

enum class Access { kNone, kRead, kWrite };

int64_t Use(char* writable, const char* data, size_t size, Access access) {
  int64_t sum = 0;
  for (size_t i = 0; access == Access::kRead && i < size; i += kPage) sum += data[i];
  for (size_t i = 0; access == Access::kWrite && i < size; i += kPage) sum += ++writable[i];
  return sum;
}

int64_t UseData(Data data, Access access) {
  return Use(access == Access::kWrite ? Must(data.Mutable())->data() : nullptr, data->data(), data->size(), access);
}

void HaveData(Data) {}
void HaveNothing() {}

std::vector<char>& Ballast() {
  static std::vector<char> ballast;
  return ballast;
}

int64_t UseBallast(Access access) {
  return Use(Ballast().data(), Ballast().data(), Ballast().size(), access);
}

// ---- processes that hold memory

enum class Holding { kNothing, kAnonymous, kCow, kCowWritten };
enum class Work : char { kRawFork = 'f', kRawSpawn = 's', kFork = 'F', kSpawn = 'S', kRead = 'r', kWrite = 'w' };

template <class F, class... A>
void StartAndJoin(StartMethod method, F f, const A&... arguments) {
  progeny::Process child = Must(progeny::Process::Start({.start_method = method}, f, arguments...));
  if (!Must(child.Join()).ok()) std::abort();
}

void Do(Work work, const Data& data) {
  const StartMethod method = work == Work::kSpawn ? StartMethod::kSpawn : StartMethod::kFork;
  switch (work) {
    case Work::kRawFork:
      return bench::ForkExitWait();
    case Work::kRawSpawn:
      return bench::SpawnWait(ThisProgram().c_str(), kExitAtOnce);
    case Work::kFork:
    case Work::kSpawn:
      return data ? StartAndJoin(method, progeny::fn<&HaveData>, data)
                  : StartAndJoin(method, progeny::fn<&HaveNothing>);
    case Work::kRead:
    case Work::kWrite: {
      const Access access = work == Work::kRead ? Access::kRead : Access::kWrite;
      (void)Must(progeny::Call({.start_method = StartMethod::kFork}, progeny::fn<&UseBallast>, access));
    }
  }
}

// Told what to do by a letter on its standard input, tells how long it took.
int Hold(std::string program, Holding holding, int64_t bytes, Data data) {
  ThisProgram() = program;
  if (holding == Holding::kAnonymous) Ballast().assign(static_cast<size_t>(bytes), 1);
  if (holding == Holding::kCowWritten) ++Must(data.Mutable())->front();
  for (int letter = 0; (letter = std::getchar()) != EOF;) {
    const double seconds = Seconds([&] { Do(static_cast<Work>(letter), data); });
    std::printf("%.9f\n", seconds);
    std::fflush(stdout);
  }
  return 0;
}

class Holder {
 public:
  Holder(Holding holding, int64_t bytes, const Data& data = {})
      : process_(Must(progeny::Process::Start(
            {.start_method = StartMethod::kSpawn, .in = progeny::Stdio::Pipe(), .out = progeny::Stdio::Pipe()},
            progeny::fn<&Hold>, ThisProgram(), holding, bytes, data))) {}

  double Run(Work work) {
    if (!process_.in()->Write(std::string(1, static_cast<char>(work))).ok()) std::abort();
    std::string line;
    for (char next = 0; next != '\n'; line += next) {
      if (Must(process_.out()->Read(absl::MakeSpan(&next, 1))) == 0) std::abort();
    }
    return std::stod(line);
  }

 private:
  progeny::Process process_;
};

bench::Contender Of(const char* name, std::shared_ptr<Holder> holder, Work work) {
  return {.name = name, .timed = [holder, work] { return holder->Run(work); }};
}

// ---- what is compared

std::vector<bench::Contender> ForkContenders(int64_t bytes) {
  const Data data = MakeData(bytes);
  const auto nothing = std::make_shared<Holder>(Holding::kNothing, 0);
  const auto anonymous = std::make_shared<Holder>(Holding::kAnonymous, bytes);
  const auto cow = std::make_shared<Holder>(Holding::kCow, 0, data);
  const auto written = std::make_shared<Holder>(Holding::kCowWritten, 0, data);
  return {Of("floor", nothing, Work::kRawFork),      Of("again", nothing, Work::kRawFork),
          Of("anonymous", anonymous, Work::kRawFork), Of("cow", cow, Work::kRawFork),
          Of("cow_written", written, Work::kRawFork), Of("progeny", nothing, Work::kFork),
          Of("progeny_cow", cow, Work::kFork),        Of("progeny_cow_written", written, Work::kFork)};
}

std::vector<bench::Contender> SpawnContenders(int64_t bytes) {
  const Data data = MakeData(bytes);
  const auto nothing = std::make_shared<Holder>(Holding::kNothing, 0);
  const auto cow = std::make_shared<Holder>(Holding::kCow, 0, data);
  const auto written = std::make_shared<Holder>(Holding::kCowWritten, 0, data);
  return {Of("floor", nothing, Work::kRawSpawn), Of("again", nothing, Work::kRawSpawn),
          Of("progeny", nothing, Work::kSpawn), Of("progeny_cow", cow, Work::kSpawn),
          Of("progeny_cow_written", written, Work::kSpawn)};
}

// Start, mapping and access together.
bench::Contender UseOf(const char* name, const Data& data, StartMethod method, Access access) {
  return {.name = name, .timed = [=] {
            return Seconds([&] {
              (void)Must(progeny::Call({.start_method = method}, progeny::fn<&UseData>, data, access));
            });
          }};
}

std::vector<bench::Contender> UseContenders(int64_t bytes, Access access) {
  const Data plain = MakeData(bytes);
  const Data populated = MakeData(bytes, {.populate = true});
  const Data huge = MakeData(bytes, {.huge_pages = progeny::HugePages::kCollapse});
  const auto anonymous = std::make_shared<Holder>(Holding::kAnonymous, bytes);
  return {Of("fork_anonymous", anonymous, access == Access::kRead ? Work::kRead : Work::kWrite),
          UseOf("fork_cow", plain, StartMethod::kFork, access),
          UseOf("spawn_cow", plain, StartMethod::kSpawn, access),
          UseOf("spawn_cow_populated", populated, StartMethod::kSpawn, access),
          UseOf("spawn_cow_huge", huge, StartMethod::kSpawn, access)};
}

std::vector<bench::Contender> ReadContenders(int64_t bytes) { return UseContenders(bytes, Access::kRead); }
std::vector<bench::Contender> WriteContenders(int64_t bytes) { return UseContenders(bytes, Access::kWrite); }

void Compare(benchmark::State& state, std::vector<bench::Contender> (*contenders)(int64_t)) {
  bench::Rounds rounds(contenders(state.range(0) * kMiB));
  for (auto _ : state) state.SetIterationTime(rounds.RunOne(0));
  for (size_t i = 0; i < rounds.contenders(); ++i) {
    state.counters[rounds.name(i) + "_us"] = rounds.MedianMicroseconds(i);
    if (i > 0) state.counters[rounds.name(i) + "_ratio"] = rounds.MedianRatio(i);
  }
}

void Register(const char* name, std::vector<bench::Contender> (*contenders)(int64_t), int64_t mebibytes, int rounds) {
  benchmark::RegisterBenchmark(name, Compare, contenders)
      ->ArgName("MiB")
      ->Arg(mebibytes)
      ->Iterations(rounds)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], kExitAtOnce) == 0) bench::ExitAtOnce();
  progeny::MainGuard guard(argc, argv);
  ThisProgram() = std::filesystem::absolute(argv[0]).string();
  for (const int64_t mebibytes : {1024, 4096}) {
    Register("start_by_fork", ForkContenders, mebibytes, 50);
    Register("start_by_spawn", SpawnContenders, mebibytes, 100);
  }
  Register("read_all", ReadContenders, 2048, 5);
  Register("write_each_page", WriteContenders, 2048, 3);
  benchmark::AddCustomContext("pinned", "no; taskset -c 0 for one CPU");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
