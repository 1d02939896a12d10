// A worker can be killed at any instruction. What the pool then knows:
// * `running` names the task that was begun. It is set before the first byte of the task is looked at.
// * An outcome is there whole or not at all (ring.h). What was published counts, whatever happens to
//   the worker afterwards; what was begun and not published has died; the rest was never started.
// * Against a kill that comes too late: before an outcome is published the worker sets kDone with one
//   compare-and-swap. If the pool was faster (kCondemned), the worker publishes nothing any more and
//   leaves; if not, the pool's own swap fails and it waits for the outcome.
#include "progeny/internal/pool/worker_loop.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "platform/exceptions.h"
#include "platform/memory_usage.h"
#include "progeny/codec.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/pool/current_task.h"
#include "progeny/internal/pool/pinning.h"
#include "progeny/internal/self.h"
#include "progeny/log.h"
#include "progeny/this_process.h"

namespace progeny::internal {
namespace {

constexpr int kInitFailedExitCode = 1;
constexpr int kGarbledExitCode = 2;

WorkHeader& HeaderOf(const Record& record) {
  return *reinterpret_cast<WorkHeader*>(record.bytes.data());
}

}  // namespace

int64_t WorkerLoop::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

WorkerLoop::WorkerLoop(WorkerMemory& memory, Bells bells, platform::HandleCourier courier,
                       WorkerSetup setup)
    : memory_(memory),
      words_(memory.words()),
      bell_(std::move(bells.own)),
      pool_bell_(std::move(bells.pools)),
      setup_(setup),
      down_(memory.down()),
      up_(memory.up()),
      handles_(std::move(courier)),
      down_slabs_(memory.region(), words_.down_slabs, Slabs::Direction::kDown),
      up_slabs_(memory.region(), words_.up_slabs, Slabs::Direction::kUp),
      sink_(up_slabs_, [this] { return AwaitSlab(); }) {
  outcome_.state_box = &state_;
  outcome_.sink = &sink_;
  detail::SetStateBox(&state_);  // a forked worker has inherited its parent's, if that is one as well
}

WorkerLoop::~WorkerLoop() { detail::SetStateBox(nullptr); }

int WorkerLoop::Run() {
  std::signal(SIGINT, SIG_IGN);   // Ctrl-C is the pool's owner's to deal with
  std::signal(SIGTERM, SIG_DFL);  // a forked worker must not run its parent's handler
  SetPoolDepth(setup_.depth);
  StayOn(setup_.cpu);
  bell_.NoteCpu();
  if (!setup_.awaits_initialiser) TellReady();
  while (true) {
    const Record record = AwaitRecord();
    const bool exits = record.kind == static_cast<uint32_t>(Down::kExit);
    const Next next = exits ? Next::kEnd : Handle(record);
    if (exits || next == Next::kGoOn) down_.Pop();
    if (next == Next::kEnd) return exit_code_;
  }
}

WorkerLoop::Next WorkerLoop::Handle(const Record& record) {
  switch (static_cast<Down>(record.kind)) {
    case Down::kEntry:
      calls_.AddEntry(HeaderOf(record).entry, absl::MakeConstSpan(record.bytes).subspan(sizeof(WorkHeader)));
      return Next::kGoOn;
    case Down::kJob: {
      std::vector<std::byte> storage;
      calls_.AddJob(HeaderOf(record), BytesOf(record, storage), handles_.Take());
      LeaveSlab(HeaderOf(record));
      return Next::kGoOn;
    }
    case Down::kForget: {
      uint64_t job = 0;
      std::memcpy(&job, record.bytes.data(), sizeof job);
      calls_.Forget(job);
      return Next::kGoOn;
    }
    case Down::kInit:
      return RunInitialiser(record);
    case Down::kBatch:
      return RunBatch(record);
    case Down::kAsk:
      return RunAsk(record);
    case Down::kArena:
      handles_.AddArena(record);
      return Next::kGoOn;
    case Down::kForgetArena:
      handles_.ForgetArena(record);
      return Next::kGoOn;
    case Down::kHandle:
      handles_.AddHandle(record);
      return Next::kGoOn;
    case Down::kExit:
      break;
  }
  return Next::kEnd;
}

Record WorkerLoop::AwaitRecord() {
  absl::StatusOr<std::optional<Record>> record = down_.Peek();
  if (record.ok() && !*record) {
    if (std::exchange(owes_ring_, false)) pool_bell_.Wake();
    SleepUntil(kWantsWork, [&] { return !down_.empty(); });
    record = down_.Peek();
  }
  if (record.ok() && *record) return **record;
  // The pool's own memory, overwritten by this process: nothing in it can be believed.
  Log::Error(record.ok() ? absl::DataLossError("a pool's ring is garbled") : record.status());
  std::_Exit(kGarbledExitCode);
}

absl::Status WorkerLoop::Initialise(uint32_t entry, absl::Span<const std::byte> bytes) {
  detail::EntryOutcome outcome;
  outcome.state_box = &state_;
  const auto thrown = platform::RunCatching([&] {
    detail::ByteReader reader(bytes);
    detail::IncomingHandles handles = handles_.Take();
    absl::StatusOr<std::unique_ptr<detail::LoadedCall>> call = calls_.Load(entry, reader, handles);
    if (call.ok()) return (*call)->Run(reader, handles, outcome);
    outcome.status = call.status();
  });
  return thrown ? detail::RemoteErrorStatus({thrown->type, thrown->what}) : outcome.status;
}

WorkerLoop::Next WorkerLoop::RunInitialiser(const Record& record) {
  words_.running.store(kInitialising);
  std::vector<std::byte> storage;
  absl::StatusOr<absl::Span<const std::byte>> bytes = BytesOf(record, storage);
  const absl::Status status = bytes.ok() ? Initialise(HeaderOf(record).entry, *bytes) : bytes.status();
  LeaveSlab(HeaderOf(record));
  if (!status.ok()) {
    SendStatus(Up::kInitFailed, {}, status);
    exit_code_ = kInitFailedExitCode;
    return Next::kEnd;
  }
  TellReady();
  return Next::kGoOn;
}

// Asking the kernel costs time in proportion to this process's memory: a twentieth of the time at most.
bool WorkerLoop::ShouldRetire() {
  if (setup_.max_memory <= 0) return false;
  const int64_t before = Now();
  if (before < next_memory_check_) return false;
  const absl::StatusOr<platform::MemoryUsage> usage =
      platform::GetMemoryUsage(this_process::id());
  next_memory_check_ = Now() + 20 * (Now() - before);
  return usage.ok() && usage->unique.value_or(0) > setup_.max_memory;
}

}  // namespace progeny::internal
