#include "progeny/pool.h"

#include "progeny/internal/pool/current_task.h"

namespace progeny {
namespace {

absl::Status NotOurs() {
  return absl::FailedPreconditionError("this pool belongs to this process's parent");
}

}  // namespace

absl::StatusOr<Pool> Pool::Owner(absl::StatusOr<std::shared_ptr<detail::PoolCore>> core) {
  if (!core.ok()) return core.status();
  return Pool(*std::move(core));
}

Pool::~Pool() {
  if (core_ == nullptr) return;
  if (!core_->IsOurs()) {
    // Its threads and workers are the parent's: there is nothing here to take down.
    static_cast<void>(new std::shared_ptr<detail::PoolCore>(std::move(core_)));
    return;
  }
  core_->Close();
  (void)core_->Join(absl::InfiniteDuration());
}

void Pool::Close() {
  if (core_->IsOurs()) core_->Close();
}

void Pool::Terminate() {
  if (core_->IsOurs()) core_->Terminate();
}

absl::Status Pool::Join(absl::Duration timeout) {
  return core_->IsOurs() ? core_->Join(timeout) : NotOurs();
}

PoolStats Pool::stats() const { return core_->IsOurs() ? core_->stats() : PoolStats{}; }

int64_t TaskIndex() { return internal::CurrentTaskIndex(); }
uint64_t TaskSeed() { return internal::CurrentTaskSeed(); }

}  // namespace progeny
