#include "progeny/internal/pool/engine.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/pool/await.h"
#include "progeny/internal/pool/current_task.h"
#include "progeny/internal/pool/pinning.h"
#include "progeny/internal/self.h"
#include "progeny/process.h"

namespace progeny::internal {
namespace {

constexpr int kMostNestedPools = 8;

absl::Status Negative(absl::string_view field, int64_t value) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is negative"));
}

absl::Status Check(const PoolOptions& options) {
  if (options.workers < 0) return Negative("workers", options.workers);
  if (options.max_tasks_per_worker < 0) {
    return Negative("max_tasks_per_worker", options.max_tasks_per_worker);
  }
  if (options.max_worker_memory < 0) return Negative("max_worker_memory", options.max_worker_memory);
  if (options.retries < 0) return Negative("retries", options.retries);
  if (options.quarantine_after < 0) return Negative("quarantine_after", options.quarantine_after);
  if (options.task_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "task_timeout: ", absl::FormatDuration(options.task_timeout), " is not positive"));
  }
  if (options.max_worker_age <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "max_worker_age: ", absl::FormatDuration(options.max_worker_age), " is not positive"));
  }
  for (const Stdio* stream : {&options.process.in, &options.process.out, &options.process.err}) {
    if (stream->kind() == Stdio::Kind::kPipe) {
      return absl::InvalidArgumentError(
          "process: a pool's workers can't have pipes as streams; use Null or File");
    }
  }
  if (absl::Status can = CheckPinning(options.pinning); !can.ok()) return can;
  if (PoolDepth() >= kMostNestedPools) {
    return absl::FailedPreconditionError(absl::StrCat(
        "create a pool: this process already works for ", kMostNestedPools,
        " pools, one inside the other, which is the bound"));
  }
  return absl::OkStatus();
}

PoolOptions Completed(PoolOptions options) {
  if (options.workers == 0) options.workers = UsableCpus();
  return options;
}

}  // namespace

Engine::Engine(PoolOptions options, Initialiser initialiser)
    : options_(Completed(std::move(options))),
      initialiser_(std::move(initialiser)),
      ladder_(LadderOf(options_.process)),
      generation_(ForkGeneration()) {}

Engine::~Engine() = default;

bool Engine::IsOurs() const { return generation_ == ForkGeneration(); }

absl::Status Engine::Start() {
  absl::Status status = ForkTemplate();
  if (status.ok()) status = MakeWorkers();
  for (size_t i = 0; status.ok() && i < workers_.size(); ++i) status = StartOne(i);
  if (status.ok()) status = StartThreads();
  if (!status.ok()) TakeDown();
  return status;
}

// Before there is anything of the pool's that its copies would hold.
absl::Status Engine::ForkTemplate() {
  if (options_.process.start_method != StartMethod::kFork) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<TemplateProcess>> forked = TemplateProcess::Fork(options_.process);
  if (forked.ok()) template_ = *std::move(forked);
  return forked.status();
}

absl::Status Engine::MakeWorkers() {
  absl::StatusOr<PoolBell> bell = PoolBell::Create();
  if (!bell.ok()) return bell.status();
  bell_ = *std::move(bell);
  absl::StatusOr<platform::Wakeup> wakeup = platform::Wakeup::Create();
  if (!wakeup.ok()) return wakeup.status();
  supervisor_wakeup_ = *std::move(wakeup);
  for (int i = 0; i < options_.workers; ++i) {
    auto worker = std::make_unique<Worker>();
    worker->index = workers_.size();
    absl::StatusOr<WorkerMemory> memory = WorkerMemory::Create();
    if (!memory.ok()) return memory.status();
    worker->memory = *std::move(memory);
    WorkerWords& words = worker->memory.words();
    worker->down_slabs = std::make_unique<Slabs>(worker->memory.region(), words.down_slabs, Slabs::Direction::kDown);
    worker->up_slabs = std::make_unique<Slabs>(worker->memory.region(), words.up_slabs, Slabs::Direction::kUp);
    absl::StatusOr<platform::SharedWord> word =
        platform::SharedWord::Create(&worker->memory.words().bell);
    if (!word.ok()) return word.status();
    worker->bell = *std::move(word);
    worker->Renew();
    worker->up = RingConsumer(worker->memory.up());
    workers_.push_back(std::move(worker));
  }
  return absl::OkStatus();
}

absl::Status Engine::StartThreads() {
  threads_run_ = true;
  const auto thrown = platform::RunCatching([&] {
    dispatcher_ = std::thread([this] { RunDispatcher(); });
    supervisor_ = std::thread([this] { RunSupervisor(); });
  });
  if (!thrown) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("start a pool's thread: ", thrown->what));
}

// Of a start that has failed half-way: nothing is left behind.
void Engine::TakeDown() {
  for (const auto& worker : workers_) {
    if (worker->child != nullptr) (void)worker->child->Kill();
  }
  for (const auto& worker : workers_) {
    if (worker->child != nullptr) (void)worker->child->Join(absl::InfiniteDuration());
  }
  template_.reset();
  if (!dispatcher_.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(mu_);
    state_ = State::kEnded;
    WakeDispatcher();
  }
  dispatcher_.join();
}

void Engine::Close() {
  std::lock_guard<std::mutex> lock(mu_);
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  WakeDispatcher();
}

void Engine::Terminate() {
  std::lock_guard<std::mutex> lock(mu_);
  EndAll(absl::CancelledError("the pool was terminated"));
}

absl::Status Engine::Join(absl::Duration timeout) {
  {
    std::unique_lock<std::mutex> lock(mu_);
    if (state_ == State::kOpen) {
      return absl::FailedPreconditionError("join a pool: close or terminate it first");
    }
    if (!AwaitFor(ended_, lock, timeout, [this] { return state_ == State::kEnded; })) {
      return absl::DeadlineExceededError("join a pool: it still works");
    }
  }
  std::lock_guard<std::mutex> lock(join_mu_);
  if (dispatcher_.joinable()) dispatcher_.join();
  if (supervisor_.joinable()) supervisor_.join();
  return absl::OkStatus();
}

PoolStats Engine::stats() const {
  std::lock_guard<std::mutex> lock(mu_);
  PoolStats stats;
  stats.done = done_;
  stats.failed = failed_;
  stats.workers_started = started_;
  stats.workers_lost = lost_;
  for (const auto& worker : workers_) {
    if (!worker->alive()) continue;
    ++stats.workers;
    if (worker->in_flight.empty()) continue;
    const uint64_t running = worker->memory.words().running.load(std::memory_order_relaxed);
    if (running == worker->in_flight.front().next_task()) ++stats.running;
  }
  stats.queued = open_ - stats.running;
  return stats;
}

}  // namespace progeny::internal

namespace progeny::detail {

absl::StatusOr<std::shared_ptr<PoolCore>> PoolCore::Create(PoolOptions options,
                                                           Initialiser initialiser) {
  if (absl::Status checked = internal::Check(options); !checked.ok()) return checked;
  auto engine = std::make_shared<internal::Engine>(std::move(options), std::move(initialiser));
  if (absl::Status started = engine->Start(); !started.ok()) return started;
  return std::shared_ptr<PoolCore>(std::move(engine));
}

absl::Status RunUserCode(absl::FunctionRef<void()> code) {
  const auto thrown = platform::RunCatching(code);
  if (!thrown) return absl::OkStatus();
  return RemoteErrorStatus({thrown->type, thrown->what});
}

}  // namespace progeny::detail
