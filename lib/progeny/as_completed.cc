#include "progeny/as_completed.h"

#include <deque>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace progeny::detail {
namespace {

class Queue final : public CompletionQueue {
 public:
  void Note(size_t place) override {
    absl::MutexLock lock(&mu_);
    places_.push_back(place);
  }

  std::optional<size_t> Next(absl::Time deadline) override {
    absl::MutexLock lock(&mu_);
    const auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !places_.empty(); };
    if (!mu_.AwaitWithDeadline(absl::Condition(&any), deadline)) return std::nullopt;
    const size_t place = places_.front();
    places_.pop_front();
    return place;
  }

 private:
  absl::Mutex mu_;
  std::deque<size_t> places_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

std::shared_ptr<CompletionQueue> CompletionQueue::Create() { return std::make_shared<Queue>(); }

}  // namespace progeny::detail
