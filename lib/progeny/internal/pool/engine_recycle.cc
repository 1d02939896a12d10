// Workers that have grown too old. (Those that have done enough, or have become too large, say so
// themselves: WorkerLoop.)
//
// They were mostly started together, so they grow old together: one is replaced at a time, and the next one
// is told to leave when the successor of this one is ready. One that still runs its last task is no gap
// yet; meanwhile another may go that has nothing to do. What was dealt to the one that goes moves to others,
// and its chunk stops at the next element. But it finishes one task at least, however young it is to die: so
// there is progress, whatever the age.
#include <chrono>

#include "progeny/internal/pool/engine.h"

namespace progeny::internal {

int64_t Engine::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool Engine::TellToExit(Worker& worker) {
  if (worker.Reserve(Down::kExit, 0) == nullptr) return false;
  worker.down.Commit();
  worker.life = Life::kLeaving;
  worker.bell.Wake();
  return true;
}

absl::Duration Engine::UntilTooOld(const Worker& worker) const {
  if (options_.max_worker_age == absl::InfiniteDuration() || worker.life != Life::kReady) {
    return absl::InfiniteDuration();
  }
  return options_.max_worker_age - absl::Nanoseconds(Now() - worker.born);
}

Engine::Worker* Engine::Oldest(Among among) {
  Worker* oldest = nullptr;
  for (const auto& worker : workers_) {
    if (worker->gone || UntilTooOld(*worker) > absl::ZeroDuration()) continue;
    const bool idle = worker->in_flight.empty();
    const uint64_t running = worker->memory.words().running.load() & kTaskNumber;
    const bool has_begun = running != 0 && running != kInitialising;
    if (!idle && (among == Among::kIdle || !has_begun)) continue;
    if (oldest == nullptr || worker->born < oldest->born) oldest = worker.get();
  }
  return oldest;
}

void Engine::RetireAged() {
  if (options_.max_worker_age == absl::InfiniteDuration() || !more_to_do()) return;
  if (replaced_ != nullptr && replaced_->life == Life::kReady) replaced_ = nullptr;
  const bool still_works = replaced_ != nullptr && replaced_->alive() && !replaced_->in_flight.empty();
  if (replaced_ != nullptr && !still_works) return;
  Worker* worker = Oldest(Among::kIdle);
  if (worker == nullptr && !still_works) worker = Oldest(Among::kAll);
  if (worker == nullptr || !TellToExit(*worker)) return;
  replaced_ = worker;
  TakeBack(*worker, 0);
  for (InFlight& flight : worker->in_flight) {
    if (flight.header == nullptr) continue;
    Claim taken = Claim::kTaken;
    flight.header->claim.compare_exchange_strong(taken, Claim::kStopped);
  }
}

}  // namespace progeny::internal
