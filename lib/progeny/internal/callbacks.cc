#include "progeny/internal/callbacks.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/exceptions.h"
#include "platform/fork_child.h"
#include "progeny/internal/watcher.h"

namespace progeny::internal {
namespace {

class CallbackThread {
 public:
  void Add(std::function<void()> callback) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      waiting_.push_back(std::move(callback));
    }
    more_.notify_one();
  }

  [[noreturn]] void Run() {
    while (true) {
      std::function<void()> next;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        more_.wait(lock, [&] { return !waiting_.empty(); });
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      RunCallback(next);
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> waiting_;  // under mutex_
};

// Leaked, as its thread runs until the end. The lock is taken around every fork.
struct CallbackState {
  std::mutex mutex;
  CallbackThread* thread = nullptr;  // under mutex
};

CallbackState& Callbacks() {
  static CallbackState& current = *new CallbackState;
  return current;
}

const int forks_followed_by_callbacks =
    (Callbacks(), platform::OnFork([] { Callbacks().mutex.lock(); },
                                   [] { Callbacks().mutex.unlock(); },
                                   [] { Callbacks().thread = nullptr; }),
     0);

}  // namespace

void RunLater(std::function<void()> callback) {
  (void)forks_followed_by_callbacks;
  CallbackState& current = Callbacks();
  std::unique_lock<std::mutex> lock(current.mutex);
  if (current.thread == nullptr) {
    auto* thread = new CallbackThread;
    const auto thrown =
        platform::RunCatching([&] { std::thread([thread] { thread->Run(); }).detach(); });
    if (thrown) {  // no thread to be had: here, then
      delete thread;
      lock.unlock();
      RunCallback(callback);
      return;
    }
    current.thread = thread;
  }
  current.thread->Add(std::move(callback));
}

}  // namespace progeny::internal
