#include "progeny/as_completed.h"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "absl/time/clock.h"
#include "progeny/internal/pool/await.h"

namespace progeny::detail {
namespace {

class Queue final : public CompletionQueue {
 public:
  void Note(size_t place) override {
    std::lock_guard<std::mutex> lock(mu_);
    places_.push_back(place);
    changed_.notify_one();
  }

  std::optional<size_t> Next(absl::Time deadline) override {
    std::unique_lock<std::mutex> lock(mu_);
    const absl::Duration left = deadline - absl::Now();
    if (!internal::AwaitFor(changed_, lock, left, [this] { return !places_.empty(); })) return std::nullopt;
    const size_t place = places_.front();
    places_.pop_front();
    return place;
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  std::deque<size_t> places_;  // under mu_
};

}  // namespace

std::shared_ptr<CompletionQueue> CompletionQueue::Create() { return std::make_shared<Queue>(); }

}  // namespace progeny::detail
