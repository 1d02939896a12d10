#include "pool_floor.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "floor_ring_linux.h"

namespace bench {
namespace {

constexpr int64_t kWindow = 64;
constexpr size_t kSlabBytes = size_t{65} << 20;

enum Kind : int64_t { kSquare, kSpin, kSteps, kTakeNumbers, kGiveNumbers, kEnd };

struct Shared {  // by one worker and this process
  Ring down, up;
  Bell bell;  // the worker's
  alignas(64) char slab[kSlabBytes];
};

void* Map(size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) return memory;
  std::perror("floor: mmap");
  std::abort();
}

int64_t Answer(Shared& shared, const Message& message, std::vector<int64_t>& numbers) {
  if (message.kind == kSquare) return Square(message.value);
  if (message.kind == kSpin) return SpinMicroseconds(message.value), 1;
  const auto count = static_cast<size_t>(message.value);
  if (message.kind == kSteps) {
    auto* const steps = reinterpret_cast<StarArguments*>(shared.slab);
    for (size_t i = 0; i < count; ++i) steps[i] = Step(steps[i].first, steps[i].second);
    return message.value;
  }
  numbers.resize(count);
  if (message.kind == kTakeNumbers) {
    std::memcpy(numbers.data(), shared.slab, count * sizeof(int64_t));
  } else {
    std::fill(numbers.begin(), numbers.end(), message.value);
    std::memcpy(shared.slab, numbers.data(), count * sizeof(int64_t));
  }
  return numbers.back();
}

[[noreturn]] void Work(Shared& shared, Bell& parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::vector<int64_t> numbers;
  while (true) {
    if (shared.down.empty()) shared.bell.Await(parent.cpu, [&] { return !shared.down.empty(); });
    const Message message = shared.down.Pop();
    if (message.kind == kEnd) _exit(0);
    shared.up.Push({message.kind, Answer(shared, message, numbers)});
    parent.Wake();
  }
}

}  // namespace

void SpinMicroseconds(int64_t microseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) continue;
}

const cpu_set_t& AllCpus() {
  static const cpu_set_t all = [] {
    cpu_set_t at_first;
    if (sched_getaffinity(0, sizeof at_first, &at_first) != 0) std::abort();
    return at_first;
  }();
  return all;
}

bool StayOn(int cpu) {
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &AllCpus()) || cpu-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
  }
  return false;
}

void GoAnywhere() { sched_setaffinity(0, sizeof(cpu_set_t), &AllCpus()); }

class PoolFloor::State {
 public:
  explicit State(int workers) : bell_(new (Map(sizeof(Bell))) Bell) {
    for (int i = 0; i < workers; ++i) shared_.push_back(new (Map(sizeof(Shared))) Shared);
    for (Shared* shared : shared_) {
      const pid_t child = fork();
      if (child == 0) Work(*shared, *bell_);
      if (child < 0) std::abort();
      children_.push_back(child);
    }
  }
  ~State() {
    for (Shared* shared : shared_) Send(*shared, {kEnd, 0});
    for (const pid_t child : children_) waitpid(child, nullptr, 0);
    for (Shared* shared : shared_) munmap(shared, sizeof(Shared));
    munmap(bell_, sizeof(Bell));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Shared& worker(size_t index) { return *shared_[index]; }
  size_t workers() const { return shared_.size(); }

  void Send(Shared& shared, const Message& message) {
    shared.down.Push(message);
    shared.bell.Wake();
  }
  // Any worker's next answer is there.
  void Await() {
    const Shared* elsewhere = shared_[0];
    const auto mine = static_cast<uint32_t>(sched_getcpu()) + 1;
    for (const Shared* shared : shared_) {
      if (shared->bell.cpu.load(std::memory_order_relaxed) != mine) elsewhere = shared;
    }
    bell_->Await(elsewhere->bell.cpu, [&] {
      return std::any_of(shared_.begin(), shared_.end(),
                         [](const Shared* shared) { return !shared->up.empty(); });
    });
  }
  // kWindow of them on their way to each worker.
  template <class Make>
  int64_t Run(int64_t tasks, Make make) {
    std::vector<int64_t> under_way(workers());
    int64_t sum = 0;
    for (int64_t sent = 0, answered = 0; answered < tasks;) {
      const int64_t before = answered + sent;
      for (size_t i = 0; i < workers(); ++i) {
        Shared& shared = *shared_[i];
        for (; !shared.up.empty(); ++answered, --under_way[i]) sum += shared.up.Pop().value;
        if (under_way[i] == kWindow || sent == tasks) continue;
        for (; under_way[i] < kWindow && sent < tasks; ++under_way[i]) {
          shared.down.Push(make(sent++));
        }
        shared.bell.Wake();
      }
      if (answered + sent == before) Await();
    }
    return sum;
  }

 private:
  Bell* const bell_;
  std::vector<Shared*> shared_;
  std::vector<pid_t> children_;
};

PoolFloor::PoolFloor(int workers) : state_(std::make_unique<State>(workers)) {}
PoolFloor::~PoolFloor() = default;

int64_t PoolFloor::Squares(int64_t tasks) {
  return state_->Run(tasks, [](int64_t task) { return Message{kSquare, task}; });
}

int64_t PoolFloor::SpinTasks(int64_t tasks, int64_t microseconds) {
  return state_->Run(tasks, [=](int64_t) { return Message{kSpin, microseconds}; });
}

int64_t PoolFloor::OneByOne(int64_t tasks) {
  int64_t sum = 0;
  for (int64_t task = 0; task < tasks; ++task) {
    state_->Send(state_->worker(0), {kSquare, task});
    state_->Await();
    sum += state_->worker(0).up.Pop().value;
  }
  return sum;
}

std::vector<StarArguments> PoolFloor::StarMap(const std::vector<StarArguments>& arguments) {
  const size_t part = (arguments.size() + state_->workers() - 1) / state_->workers();
  const auto size_of = [&](size_t i) { return std::min(part, arguments.size() - i * part); };
  for (size_t i = 0; i < state_->workers(); ++i) {
    std::memcpy(state_->worker(i).slab, &arguments[i * part], size_of(i) * sizeof(StarArguments));
    state_->Send(state_->worker(i), {kSteps, static_cast<int64_t>(size_of(i))});
  }
  std::vector<StarArguments> results(arguments.size());
  for (size_t left = state_->workers(); left > 0;) {
    state_->Await();
    for (size_t i = 0; i < state_->workers(); ++i) {
      if (state_->worker(i).up.empty()) continue;
      state_->worker(i).up.Pop();
      std::memcpy(static_cast<void*>(&results[i * part]), state_->worker(i).slab,
                  size_of(i) * sizeof(StarArguments));
      --left;
    }
  }
  return results;
}

int64_t PoolFloor::Argument(const std::vector<int64_t>& numbers) {
  Shared& worker = state_->worker(0);
  std::memcpy(worker.slab, numbers.data(), numbers.size() * sizeof(int64_t));
  state_->Send(worker, {kTakeNumbers, static_cast<int64_t>(numbers.size())});
  state_->Await();
  return worker.up.Pop().value;
}

std::vector<int64_t> PoolFloor::Result(int64_t count) {
  Shared& worker = state_->worker(0);
  state_->Send(worker, {kGiveNumbers, count});
  state_->Await();
  worker.up.Pop();
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::memcpy(numbers.data(), worker.slab, numbers.size() * sizeof(int64_t));
  return numbers;
}

}  // namespace bench
