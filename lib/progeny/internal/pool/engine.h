// The pool behind Pool: who has which task, and what becomes of it.
//
// One lock, and nobody in another process can hold it. Three kinds of threads meet here:
// * Callers enqueue, cancel, close; under the lock they put small work straight into a ring.
// * The dispatcher thread takes outcomes out of the rings, settles what a dead worker had, deals out
//   what is queued, looks at deadlines, and sleeps on the pool's bell. A caller that waits does the same
//   in its place as long as outcomes come quickly (Help): `driver_` says who of them drives.
// * The supervisor thread waits for processes to end and starts new ones: both may take long, so
//   neither happens under the lock.
//
// A task is queued (queue_), taken (in a worker's `in_flight`, claim free), started (claimed; the one
// that runs is named by WorkerWords::running), and published (its outcome stands in the ring). Only the
// dispatcher moves a task on from what a worker did, and it empties a dead worker's ring first: so each
// task has exactly one outcome.
#ifndef PROGENY_INTERNAL_POOL_ENGINE_H_
#define PROGENY_INTERNAL_POOL_ENGINE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/wait_set.h"
#include "progeny/detail/pool_core.h"
#include "progeny/exit_status.h"
#include "progeny/internal/pool/engine_worker.h"
#include "progeny/internal/pool/template_process.h"
#include "progeny/internal/pool/worker_start.h"
#include "progeny/internal/stop_ladder.h"

namespace progeny::internal {

class Engine final : public detail::PoolCore {
 public:
  Engine(PoolOptions options, Initialiser initialiser);
  ~Engine() override;

  // Starts the workers, then the threads.
  absl::Status Start();

  int workers() const override { return static_cast<int>(workers_.size()); }
  std::shared_ptr<detail::PoolWork> Begin(detail::CallRequest request) override;
  void Enqueue(const std::shared_ptr<detail::PoolWork>& work, detail::Elements elements) override;
  void EnqueueInPlace(const std::shared_ptr<detail::PoolWork>& work, detail::Elements elements, size_t size,
                   absl::FunctionRef<void(std::byte*)> write) override;
  void DropQueued(const std::shared_ptr<detail::PoolWork>& work) override;
  bool Cancel(const std::shared_ptr<detail::PoolWork>& work) override;
  void End(const std::shared_ptr<detail::PoolWork>& work) override;
  void Help(absl::FunctionRef<bool()> ready) override;
  void Apply(const detail::PoolEntryNode* node, absl::Span<const std::byte> arguments,
             detail::FlatAnswer& answer) override;
  void Close() override;
  void Terminate() override;
  absl::Status Join(absl::Duration timeout) override;
  PoolStats stats() const override;
  bool IsOurs() const override;

 private:
  using Batch = EngineBatch;
  using InFlight = BatchInFlight;
  using Life = WorkerLife;
  using Worker = EngineWorker;
  enum class State { kOpen, kClosing, kEnding, kEnded };
  enum class Put { kDone, kFull };

  // engine.cc: the public side, without the lock
  absl::Status ForkTemplate();
  absl::Status MakeWorkers();
  absl::Status StartThreads();
  void TakeDown();

  // With it, but for the threads' own functions, StartOne, StartProcess, WakeDispatcher and what says so.
  // engine_enqueue.cc: what comes in
  absl::Status CheckOpen() const;
  std::unique_ptr<Batch> Admit(const std::shared_ptr<detail::PoolWork>& work, detail::Elements& elements, size_t size);
  bool WriteToSlab(const std::shared_ptr<detail::PoolWork>& work, detail::Elements& elements, size_t size,
                   absl::FunctionRef<void(std::byte*)> write);  // without
  void BeginFeed();
  void LookUp();
  void DealWritten(Worker& worker, const Slabs::Taken& slab, std::unique_ptr<Batch> batch);
  void Refuse(const std::shared_ptr<detail::PoolWork>& work, const detail::Elements& elements,
              const absl::Status& reason);

  // engine_cancel.cc: taking back
  void EndAll(const absl::Status& reason);
  void Drop(const std::shared_ptr<detail::PoolWork>& work, const absl::Status& reason);
  void EndCancelled();

  // engine_dispatch.cc: dealing out
  void Dispatch(bool drives);
  void DispatchNow();
  absl::StatusOr<Put> TellHandles(Worker& worker, const detail::KeptHandles& kept);
  absl::StatusOr<Put> TellArena(Worker& worker, const detail::KeptHandles::KeptArena& arena);
  bool ForgetDeadArenas(Worker& worker);
  absl::StatusOr<Put> PutHandle(Worker& worker, Down kind, NativeHandle handle, absl::Span<std::byte> record);
  absl::StatusOr<Put> PutAll(Worker& worker, const Batch& batch, WorkHeader& header);
  Worker* LeastLoaded();
  std::unique_ptr<Batch> NextPiece();
  uint32_t DealtTogether(const Batch& batch) const;
  Put PutBatch(Worker& worker, std::unique_ptr<Batch>& batch, const Slabs::Taken* written = nullptr);
  absl::StatusOr<Put> PutWork(Worker& worker, Down kind, WorkHeader& header,
                              absl::Span<const std::byte> bytes);
  absl::StatusOr<Put> PutHeader(Worker& worker, Down kind, const WorkHeader& header,
                                absl::Span<const std::byte> bytes);
  absl::StatusOr<Put> TellEntry(Worker& worker, const detail::PoolEntryNode* node);
  absl::StatusOr<Put> TellEntry(Worker& worker, detail::PoolWork& work);
  absl::StatusOr<Put> TellJob(Worker& worker, const detail::PoolWork& work);
  void Rebalance();
  bool TakeBack(Worker& worker, size_t keep);
  void BreakUp();
  bool GiveInitialiser(Worker& worker);

  // engine_outcomes.cc: what came of it
  void Drain(Worker& worker);
  absl::Status HandleRecord(Worker& worker, const Record& record);
  absl::Status HandleOutcome(Worker& worker, const Record& record);
  absl::Status HandleValues(Worker& worker, const OutcomeHeader& header, const Record& record);
  void CloseBatch(Worker& worker, const OutcomeHeader& header);
  void NoteTime(detail::PoolWork& work, uint32_t elements, int64_t nanoseconds);
  void TellValues(Batch& batch, uint32_t count, absl::Span<const std::byte> bytes,
                  std::vector<std::byte>& owned);
  void TakeFlatOfTheDead(Worker& worker);
  absl::Status CheckValues(Worker& worker, const OutcomeHeader& header, size_t size);
  void Tell(Batch& batch, absl::Status status);
  void TellAll(Batch& batch, const absl::Status& status);
  void Requeue(std::unique_ptr<Batch> batch);

  // engine_slabs.cc: what is too large for a ring
  struct SlabRead {
    std::shared_ptr<SlabUse> use;
    Slabs::Place place;
    Slabs::Reading reading = Slabs::Reading::kFresh;
  };
  absl::StatusOr<Put> PutInSlab(Worker& worker, const Slabs::Spot& spot, absl::Span<const std::byte> bytes);
  absl::StatusOr<SlabRead> UseOf(Worker& worker, const SlabPlace& place, size_t size, size_t whole);
  absl::StatusOr<SlabRead> UseOf(Worker& worker, const Record& record);
  absl::StatusOr<absl::Span<const std::byte>> OutcomeBytes(Worker& worker, const Record& record,
                                                           std::vector<std::byte>& storage);
  absl::StatusOr<absl::Span<const std::byte>> CopyOut(Worker& worker, const SlabRead& read,
                                                      std::vector<std::byte>& storage);
  bool PlaceUnlocked(detail::OutcomeSink& sink, int64_t first, uint32_t count, absl::Span<const std::byte> bytes);
  bool Lend(Worker& worker, const OutcomeHeader& header, const Record& record, SlabRead& read);
  absl::StatusOr<absl::Span<const std::byte>> FlatOfTheDead(Worker& worker, uint32_t done);
  static void LeaveToSlab(Worker& worker, InFlight& flight, const WorkHeader& header);
  void TakeFromSlab(InFlight& flight);
  void NoteSlab(Worker& worker, size_t size);
  void TrimSlabs();
  absl::Duration UntilTrim(const Worker& worker) const;

  // engine_threads.cc
  struct Watched {
    bool ended = false;
    bool all_started = false;  // for ever
    std::vector<std::pair<size_t, std::shared_ptr<detail::Child>>> children;
    std::vector<platform::NativeHandle> handles;
    std::optional<size_t> to_start;
    platform::Deadline deadline = platform::Deadline::Infinite();
  };
  enum class Driver { kNone, kDispatcher, kCaller };
  void RunDispatcher();
  void SleepOnBell(std::unique_lock<std::mutex>& lock, uint32_t ticket);
  bool TakeTurn();
  void SeeOff();
  void PutWhatFits();
  bool AnythingToDo() const;  // from any thread, without the lock
  bool WorthSpinning() const;
  void BeginHelp();
  bool SpinForMore(std::unique_lock<std::mutex>& lock);
  void EndHelp(bool goes_on);
  void HandBack(bool turn_due);
  bool IsQuiet() const;
  void Announce();
  void Withdraw();
  bool SleepsTooLong() const;  // the dispatcher
  bool LateTasksNeedALook() const;
  void RunSupervisor();
  Watched Look();
  void LookAfterTemplate(const Watched& watched);
  void NoteEnds(absl::Span<const std::pair<size_t, std::shared_ptr<detail::Child>>> watched);

  // engine_apply.cc: one element, and its outcome
  std::unique_ptr<Batch> OneElement(const detail::PoolEntryNode* node, absl::Span<const std::byte> arguments,
                                    detail::FlatAnswer& answer);
  void KeepSpare(std::unique_ptr<Batch> batch);
  Worker* WhoIsFree();
  Put Ask(Worker& worker, std::unique_ptr<Batch>& batch);
  absl::Status HandleAnswer(Worker& worker, const Record& record);
  void Drive(std::unique_lock<std::mutex>& lock, Worker* asked, const detail::FlatAnswer& answer);

  // engine_stop.cc: bringing workers to their end
  platform::Deadline NextDeadline() const;
  absl::Duration UntilTimeout(const Worker& worker) const;
  static absl::Duration UntilStep(const Worker& worker);
  void CheckTimeouts();
  void EndLeaving();
  bool Condemn(Worker& worker, const absl::Status& reason);
  void HandOn(Worker& worker);
  void Kill(Worker& worker);

  // engine_recycle.cc: those that are too old
  enum class Among { kIdle, kAll };
  static int64_t Now();  // steady clock, nanoseconds
  absl::Duration UntilTooOld(const Worker& worker) const;
  Worker* Oldest(Among among);
  void RetireAged();
  bool TellToExit(Worker& worker);

  // engine_life.cc: workers that end and begin
  void Settle(Worker& worker);
  void SettleStarted(Worker& worker, const ExitStatus& exit);
  void NoteNeverReady(const Worker& worker, const ExitStatus& exit);
  void SayGoodbye();
  bool AllAbsent() const;
  bool more_to_do() const { return state_ == State::kOpen || (state_ == State::kClosing && open_ > 0); }
  absl::Status StartOne(size_t index);
  void NoteStartFailure(const absl::Status& status);
  absl::StatusOr<std::shared_ptr<detail::Child>> StartProcess(Worker& worker);
  void WakeDispatcher();

  const PoolOptions options_;
  const Initialiser initialiser_;
  const std::vector<StopStep> ladder_;
  const uint64_t generation_;
  std::vector<std::unique_ptr<Worker>> workers_;
  PoolBell bell_;
  std::optional<platform::Wakeup> supervisor_wakeup_;
  std::unique_ptr<TemplateProcess> template_;  // under kFork; the supervisor's alone once it lives

  mutable std::mutex mu_;
  std::condition_variable ended_;
  // From here on under mu_, like what lies in workers_.
  State state_ = State::kOpen;
  absl::Status end_reason_;
  std::deque<std::unique_ptr<Batch>> queue_;
  std::unordered_map<const detail::PoolEntryNode*, uint32_t> entries_;
  std::vector<std::vector<std::byte>> entry_addresses_;  // by id - 1
  WorkHeader* last_put_ = nullptr;  // in some ring
  std::unique_ptr<Batch> spare_;    // of the last Apply: its memory is there
  uint64_t calls_ = 0;
  uint64_t jobs_ = 0;
  int64_t submissions_ = 0;
  int64_t open_ = 0;  // elements without an outcome
  Worker* replaced_ = nullptr;  // because of its age, and its successor isn't ready
  int64_t done_ = 0;
  int64_t failed_ = 0;
  int64_t started_ = 0;
  int64_t lost_ = 0;
  int failures_in_a_row_ = 0;  // of workers that were never ready
  int kills_in_a_row_ = 0;     // from outside, of such workers
  int start_failures_ = 0;     // in a row
  absl::Time first_start_failure_ = absl::InfinitePast();  // of these
  absl::Time retry_start_ = absl::InfinitePast();

  Driver driver_ = Driver::kNone;  // only it takes turns
  std::condition_variable driver_left_;
  std::thread::id helper_;         // the caller that drives
  int64_t looked_up_ = 0;          // when it did so last, as it feeds; steady clock, nanoseconds
  bool dispatcher_sleeps_ = false;  // or spins before it
  bool announced_ = false;          // on the bell, that it does
  platform::Deadline dispatcher_deadline_ = platform::Deadline::Infinite();
  std::optional<absl::Time> idle_since_;  // somebody has nothing to do, somebody else more than one element

  std::atomic<bool> helped_{false};     // a caller drives: the dispatcher needn't spin
  std::atomic<bool> turn_wanted_{false};  // whoever drives is to take one more
  bool threads_run_ = false;         // set before they start

  std::mutex join_mu_;
  std::thread dispatcher_;  // these joined under join_mu_
  std::thread supervisor_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_ENGINE_H_
