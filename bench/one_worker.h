// One worker of a pool's, and one of the floor's, where they are said to run.
#ifndef PROGENY_BENCH_ONE_WORKER_H_
#define PROGENY_BENCH_ONE_WORKER_H_

#include <cstdlib>
#include <optional>

#include "pool_floor.h"
#include "progeny/pool.h"

namespace bench {

// What moves a mebibyte costs twice as much or more when it goes from one CPU's cache to another's, and a scheduler leaves
// two processes together or apart for as long as it likes: so each is measured by itself.
enum class Cpus { kAny, kOne, kTwo };

// The workers, and this thread, stay on those CPUs until this is destroyed. Ends the program when something fails.
class OneWorker {
 public:
  explicit OneWorker(Cpus cpus) {
    if (cpus != Cpus::kAny && !StayOn(cpus == Cpus::kOne ? 0 : 1)) std::abort();  // who is started now
    floor_.emplace(1);
    pool_ = progeny::Pool::Create({.workers = 1, .process = {.start_method = progeny::StartMethod::kFork}});
    if (!pool_.ok() || !pool_->Apply(progeny::fn<&Square>, 3).ok()) std::abort();
    if (cpus != Cpus::kAny) StayOn(0);
  }
  ~OneWorker() { GoAnywhere(); }
  OneWorker(const OneWorker&) = delete;
  OneWorker& operator=(const OneWorker&) = delete;

  PoolFloor& floor() { return *floor_; }
  progeny::Pool& pool() { return *pool_; }

 private:
  std::optional<PoolFloor> floor_;
  absl::StatusOr<progeny::Pool> pool_;
};

}  // namespace bench

#endif  // PROGENY_BENCH_ONE_WORKER_H_
