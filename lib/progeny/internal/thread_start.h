// Lets who makes a thread wait until it has begun.
//
// Not absl::Notification: ThreadSanitizer takes what Abseil does when a thread first blocks for a race
// (it doesn't see through Mutex's own annotations), and every program that is tried with it would be
// told so.
#ifndef PROGENY_INTERNAL_THREAD_START_H_
#define PROGENY_INTERNAL_THREAD_START_H_

#include <condition_variable>
#include <mutex>

namespace progeny::internal {

// Thread-safe; used once.
class ThreadStart {
 public:
  void Begun() {
    std::lock_guard<std::mutex> lock(mutex_);
    begun_ = true;
    changed_.notify_all();
  }
  void Await() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return begun_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool begun_ = false;  // under mutex_
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_THREAD_START_H_
