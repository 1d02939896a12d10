#include "progeny/internal/watcher.h"

#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
#include "platform/fork_child.h"
#include "platform/wait_set.h"
#include "progeny/internal/thread_start.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

struct Awaited {
  platform::NativeHandle handle;
  std::function<void()> ready;
};

class Watcher {
 public:
  explicit Watcher(platform::Wakeup wakeup) : wakeup_(std::move(wakeup)) {}

  void Add(Awaited entry) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      added_.push_back(std::move(entry));
    }
    wakeup_.Set();
  }

  // A fork right after this is not to be warned of its thread.
  void AwaitThread() { known_as_ours_.Await(); }

  // The thread's life; it ends with the process.
  [[noreturn]] void Run() {
    platform::NoteThreadWork(platform::ThreadWork::kOwn);
    known_as_ours_.Begun();
    std::vector<Awaited> entries;
    while (true) {
      std::vector<platform::NativeHandle> handles{wakeup_.handle()};
      for (const Awaited& entry : entries) handles.push_back(entry.handle);
      const auto ready = platform::WaitForAny(handles, platform::Deadline::Infinite());
      if (!ready.ok()) {
        Log::Error(ready.status());
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      // From the back, so that the indices before stay right.
      for (auto index = ready->rbegin(); index != ready->rend() && *index != 0; ++index) {
        const Awaited entry = std::move(entries[*index - 1]);
        entries.erase(entries.begin() + static_cast<ptrdiff_t>(*index - 1));
        platform::NoteThreadWork(platform::ThreadWork::kPrograms);
        RunCallback(entry.ready);
        platform::NoteThreadWork(platform::ThreadWork::kOwn);
      }
      TakeAdded(entries);
    }
  }

 private:
  void TakeAdded(std::vector<Awaited>& entries) {
    wakeup_.Clear();
    std::lock_guard<std::mutex> lock(mutex_);
    for (Awaited& entry : added_) entries.push_back(std::move(entry));
    added_.clear();
  }

  platform::Wakeup wakeup_;
  ThreadStart known_as_ours_;
  std::mutex mutex_;
  std::vector<Awaited> added_;  // under mutex_
};

// The current process's watcher. Leaked, as its thread runs until the end. The lock is taken around
// every fork; a forked child has no such thread, and makes its own when it needs one.
struct WatcherState {
  std::mutex mutex;
  Watcher* watcher = nullptr;  // under mutex
};

WatcherState& TheWatcher() {
  static WatcherState& current = *new WatcherState;
  return current;
}

const int forks_followed_by_watcher =
    (TheWatcher(), platform::OnFork([] { TheWatcher().mutex.lock(); },
                                    [] { TheWatcher().mutex.unlock(); },
                                    [] { TheWatcher().watcher = nullptr; }),
     0);

}  // namespace

absl::Status WhenReady(platform::NativeHandle handle, std::function<void()> ready) {
  (void)forks_followed_by_watcher;
  WatcherState& current = TheWatcher();
  std::lock_guard<std::mutex> lock(current.mutex);
  if (current.watcher == nullptr) {
    absl::StatusOr<platform::Wakeup> wakeup = platform::Wakeup::Create();
    if (!wakeup.ok()) return wakeup.status();
    current.watcher = new Watcher(*std::move(wakeup));
    std::thread([watcher = current.watcher] { watcher->Run(); }).detach();
    current.watcher->AwaitThread();
  }
  current.watcher->Add({handle, std::move(ready)});
  return absl::OkStatus();
}

void RunCallback(const std::function<void()>& callback) {
  if (const auto thrown = platform::RunCatching(callback)) {
    Log::Error(absl::UnknownError(
        absl::StrCat("an OnReady callback threw ", thrown->type, ": ", thrown->what)));
  }
}

}  // namespace progeny::internal
