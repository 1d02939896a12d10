#include "progeny/call.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "progeny/internal/child.h"
#include "progeny/internal/watcher.h"
#include "progeny/process.h"

namespace progeny::detail {
namespace {

// The answer of one child, or the reason why none was started.
class ChildFuture final : public FutureCore {
 public:
  explicit ChildFuture(absl::StatusOr<std::shared_ptr<Child>> child) : child_(std::move(child)) {}

  void EndOfOwner() override {
    if (child_.ok()) (*child_)->EndOfOwner();
  }

  bool Wait(absl::Duration timeout) override {
    if (!child_.ok()) return true;
    const absl::Status joined = (*child_)->Join(timeout).status();
    return !absl::IsDeadlineExceeded(joined);
  }

  absl::StatusOr<std::vector<std::byte>> Take() override {
    if (!child_.ok()) return child_.status();
    absl::StatusOr<std::vector<std::byte>> answer = (*child_)->Answer();
    const bool died = !answer.ok() && ExitStatusOf(answer.status()).has_value();
    if (!cancelled_.load() || !died) return answer;
    return absl::CancelledError(absl::StrCat("'", (*child_)->name(), "' was cancelled"));
  }

  bool Cancel() override {
    if (!child_.ok() || (*child_)->exit_status()) return false;
    cancelled_.store(true);
    return (*child_)->Kill().ok();
  }

  void WhenReady(std::function<void()> ready) override {
    if (child_.ok() && !(*child_)->exit_status()) {
      const absl::Status watched = internal::WhenReady(
          (*child_)->sentinel(), [child = *child_, ready] {
            (void)child->Join(absl::InfiniteDuration());
            ready();
          });
      if (watched.ok()) return;
      (void)(*child_)->Join(absl::InfiniteDuration());
    }
    internal::RunCallback(ready);
  }

  NativeHandle sentinel() const override { return child_.ok() ? (*child_)->sentinel() : -1; }

 private:
  const absl::StatusOr<std::shared_ptr<Child>> child_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

std::unique_ptr<FutureCore> StartAnswer(ProcessOptions options, Task& task) {
  return std::make_unique<ChildFuture>(StartChild(std::move(options), task));
}

}  // namespace progeny::detail
