#include "progeny/internal/self.h"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
#include "platform/fork_child.h"
#include "platform/host.h"
#include "platform/image.h"
#include "platform/stop_word.h"
#include "platform/wait_set.h"
#include "progeny/log.h"

namespace progeny {
namespace internal {
namespace {

// Leaked: threads may ask while static destructors run. The mutex is taken around every fork.
struct Self {
  std::mutex mutex;
  const Identity* identity = nullptr;  // these under mutex; nullptr in the main process
  uint64_t children = 0;
  std::vector<std::function<void()>> at_exit;
  std::atomic<bool> has_at_exit{false};  // so that an empty list needs no lock

  std::atomic<Slot*> slot{nullptr};
  std::atomic<int> pool_depth{0};
  std::atomic<uint64_t> generation{0};
  std::atomic<bool> guard_met{false};
  std::atomic<bool> started_without_guard{false};
};

Self& TheSelf() {
  static Self& self = *new Self;
  return self;
}

void Take() { TheSelf().mutex.lock(); }
void Release() { TheSelf().mutex.unlock(); }
void Forget() {
  Self& self = TheSelf();
  self.generation.fetch_add(1);
  if (self.has_at_exit.load()) self.at_exit.clear();
}

const int forks_followed_by_self = (TheSelf(), platform::OnFork(&Take, &Release, &Forget), 0);

}  // namespace

Identity NextChildIdentity(const std::string& name, StartMethod method) {
  Self& self = TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  const uint64_t number = ++self.children;
  Identity child;
  child.path = self.identity != nullptr && !self.identity->path.empty()
                   ? absl::StrCat(self.identity->path, ":", number)
                   : absl::StrCat(number);
  child.name = name.empty() ? absl::StrCat("Process-", child.path) : name;
  child.start_method = method;
  child.parent_id = platform::CurrentProcessId();
  child.parent_name = self.identity != nullptr ? self.identity->name : "MainProcess";
  child.pool_depth = self.pool_depth.load();
  return child;
}

Identity ForkServerIdentity() {
  Self& self = TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  Identity server;
  const bool nested = self.identity != nullptr && !self.identity->path.empty();
  server.path = nested ? absl::StrCat(self.identity->path, ":0") : "0";
  server.name = absl::StrCat("ForkServer-", server.path);
  server.start_method = StartMethod::kForkServer;
  server.parent_id = platform::CurrentProcessId();
  server.parent_name = self.identity != nullptr ? self.identity->name : "MainProcess";
  return server;
}

void BecomeChild(const Identity* identity, Slot* slot) {
  Self& self = TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  self.identity = identity;
  self.children = 0;
  self.slot.store(slot);
  self.pool_depth.store(identity->pool_depth);
}

int PoolDepth() { return TheSelf().pool_depth.load(); }
void SetPoolDepth(int depth) { TheSelf().pool_depth.store(depth); }

void RunAtExit() {
  Self& self = TheSelf();
  if (!self.has_at_exit.load(std::memory_order_acquire)) return;
  while (true) {
    std::function<void()> last;
    {
      std::lock_guard<std::mutex> lock(self.mutex);
      if (self.at_exit.empty()) return;
      last = std::move(self.at_exit.back());
      self.at_exit.pop_back();
    }
    if (const auto thrown = platform::RunCatching(last)) {
      Log::Error(absl::UnknownError(
          absl::StrCat("an AtExit function threw ", thrown->type, ": ", thrown->what)));
    }
  }
}

uint64_t ForkGeneration() {
  (void)forks_followed_by_self;
  return TheSelf().generation.load();
}

bool GuardMet() {
  Self& self = TheSelf();
  if (self.guard_met.load()) return true;
  if (!platform::GuardPublished()) return false;
  self.guard_met.store(true);
  return true;
}

void NoteGuardMet() {
  if (TheSelf().guard_met.exchange(true)) return;
  platform::PublishGuard();
}

void NoteStartWithoutGuard() { TheSelf().started_without_guard.store(true); }

bool StartedWithoutGuard() { return TheSelf().started_without_guard.load(); }

}  // namespace internal

namespace {

const std::atomic<uint32_t> never_asked{0};

}  // namespace

StopToken::StopToken() : word_(&never_asked) {}

bool StopToken::Wait(absl::Duration timeout) const {
  return platform::AwaitStopWord(*word_, platform::Deadline::After(timeout));
}

StopToken StopTokenOf(const std::atomic<uint32_t>& word) {
  StopToken token;
  token.word_ = &word;
  return token;
}

namespace this_process {

ProcessId id() { return platform::CurrentProcessId(); }

std::string name() {
  internal::Self& self = internal::TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  return self.identity != nullptr ? self.identity->name : "MainProcess";
}

bool IsMain() { return !start_method().has_value(); }

bool StopRequested() {
  const internal::Slot* slot = internal::TheSelf().slot.load(std::memory_order_acquire);
  return slot != nullptr && slot->stop_requested();
}

StopToken stop_token() {
  const internal::Slot* slot = internal::TheSelf().slot.load(std::memory_order_acquire);
  return slot != nullptr ? StopTokenOf(slot->stop_word()) : StopToken();
}

void AtExit(std::function<void()> fn) {
  internal::Self& self = internal::TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  // The main process ends by exit(): one handler there serves all.
  static const int at_exit = std::atexit([] { internal::RunAtExit(); });
  (void)at_exit;
  self.at_exit.push_back(std::move(fn));
  self.has_at_exit.store(true, std::memory_order_release);
}

std::optional<ParentProcess> parent() {
  internal::Self& self = internal::TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  if (self.identity == nullptr) return std::nullopt;
  return ParentProcess(self.identity->parent_id, self.identity->parent_name);
}

std::optional<StartMethod> start_method() {
  internal::Self& self = internal::TheSelf();
  std::lock_guard<std::mutex> lock(self.mutex);
  if (self.identity == nullptr) return std::nullopt;
  return self.identity->start_method;
}

}  // namespace this_process

bool ParentProcess::IsAlive() const { return !Join(absl::ZeroDuration()).ok(); }

absl::Status ParentProcess::Join(absl::Duration timeout) const {
  const NativeHandle sentinel = platform::ParentSentinel();
  if (sentinel == platform::kNoHandle) {
    return absl::FailedPreconditionError("wait for the parent: no progeny process started this one");
  }
  return platform::WaitForAny({&sentinel, 1}, platform::Deadline::After(timeout)).status();
}

}  // namespace progeny
