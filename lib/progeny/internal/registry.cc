// The children of this process. A process that is forked away, by us or by foreign code, must find
// the list whole and unlocked, and treat nobody on it as its own: the lock is taken around every
// fork, and the child forgets the list.
#include <algorithm>
#include <mutex>

#include "platform/fork_child.h"
#include "progeny/internal/child.h"

namespace progeny::detail {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<std::weak_ptr<Child>> children;  // under mutex
};

Registry& State() {
  static Registry& registry = *new Registry;
  return registry;
}

const int watched = (State(),
                     platform::OnFork([] { State().mutex.lock(); }, [] { State().mutex.unlock(); },
                                      [] { State().mutex.unlock(); }),
                     0);

}  // namespace

void Register(const std::shared_ptr<Child>& child) {
  (void)watched;
  std::lock_guard<std::mutex> lock(State().mutex);
  std::erase_if(State().children, [](const std::weak_ptr<Child>& c) { return c.expired(); });
  State().children.push_back(child);
}

std::vector<std::shared_ptr<Child>> RunningChildren() {
  std::vector<std::shared_ptr<Child>> all;
  {
    std::lock_guard<std::mutex> lock(State().mutex);
    for (const std::weak_ptr<Child>& weak : State().children) {
      if (std::shared_ptr<Child> child = weak.lock()) all.push_back(std::move(child));
    }
  }
  std::erase_if(all, [](const std::shared_ptr<Child>& child) {
    return !child->IsOurs() || child->detached() || child->exit_status().has_value();
  });
  return all;
}

void ForgetParentsChildren() {
  std::vector<std::weak_ptr<Child>> children;
  {
    std::lock_guard<std::mutex> lock(State().mutex);
    children.swap(State().children);
  }
  for (const std::weak_ptr<Child>& weak : children) {
    const std::shared_ptr<Child> child = weak.lock();
    if (child == nullptr) continue;
    for (const auto& stream : {child->streams().in, child->streams().out, child->streams().err}) {
      if (stream != nullptr) stream->CloseInForkedChild();
    }
  }
}

}  // namespace progeny::detail
