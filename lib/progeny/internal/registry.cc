// The children of this process. A process that is forked away, by us or by foreign code, must find
// the list whole and unlocked, and treat nobody on it as its own: the lock is taken around every
// fork, and whoever is on it knows whose child it is.
#include <algorithm>
#include <mutex>

#include "platform/fork_child.h"
#include "progeny/internal/child.h"

namespace progeny::detail {
namespace {

struct Registered {
  std::weak_ptr<Child> child;
  bool has_streams;
};

struct Registry {
  std::mutex mutex;
  std::vector<Registered> children;  // under mutex
};

Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

const int forks_followed_by_registry =
    (TheRegistry(), platform::OnFork([] { TheRegistry().mutex.lock(); },
                                     [] { TheRegistry().mutex.unlock(); },
                                     nullptr),
     0);

}  // namespace

void Register(const std::shared_ptr<Child>& child) {
  (void)forks_followed_by_registry;
  std::lock_guard<std::mutex> lock(TheRegistry().mutex);
  std::erase_if(TheRegistry().children, [](const Registered& entry) { return entry.child.expired(); });
  const StreamEnds& streams = child->streams();
  TheRegistry().children.push_back({child, streams.in || streams.out || streams.err});
}

std::vector<std::shared_ptr<Child>> RunningChildren() {
  std::vector<std::shared_ptr<Child>> all;
  {
    std::lock_guard<std::mutex> lock(TheRegistry().mutex);
    for (const Registered& entry : TheRegistry().children) {
      if (std::shared_ptr<Child> child = entry.child.lock()) all.push_back(std::move(child));
    }
  }
  std::erase_if(all, [](const std::shared_ptr<Child>& child) {
    return !child->IsOurs() || child->detached() || child->exit_status().has_value();
  });
  return all;
}

// The list itself may stay: who is on it answers that it isn't ours. Looking at a child copies the page
// it lies in, so only those with streams are looked at.
void CloseParentsStreams() {
  std::lock_guard<std::mutex> lock(TheRegistry().mutex);
  for (const Registered& entry : TheRegistry().children) {
    if (!entry.has_streams) continue;
    const std::shared_ptr<Child> child = entry.child.lock();
    if (child == nullptr || child->IsOurs()) continue;
    for (const auto& stream : {child->streams().in, child->streams().out, child->streams().err}) {
      if (stream != nullptr) stream->CloseInForkedChild();
    }
  }
}

}  // namespace progeny::detail
