// Races:
// * Several threads need the server that isn't there yet: one launches it under the lock, the others
//   wait for it as they would have to anyway.
// * The server dies between two starts, or under one: a start that is told so before there was a
//   child launches another server and asks once more, no oftener: a request that kills servers ends.
// * This process is forked while a thread holds the lock: the child never touches it, as it makes a
//   state of its own when it finds that the inherited one belongs to an ancestor. The sockets in there
//   are closed by the seam's fork handler.
#include "progeny/internal/fork_servers.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/fork_server.h"
#include "progeny/internal/answer.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/hand_over_message.h"
#include "progeny/internal/slot.h"

namespace progeny::internal {
namespace {

// Loader and static objects; a preload may take its time.
constexpr absl::Duration kTimeToGuard = absl::Seconds(30);

struct Server {
  Slot slot;
  platform::ForkServer seam;
};
using ServerPointer = std::shared_ptr<Server>;

struct Servers {
  const uint64_t generation = ForkGeneration();
  std::mutex mutex;
  std::map<std::string, ServerPointer> running;  // by executable; these under mutex
  std::optional<Preload> preload;
  std::optional<Slot> spare;
};

// Leaked: threads may start children while static destructors run.
Servers& CurrentServers() {
  static std::atomic<Servers*> current{nullptr};
  Servers* state = current.load(std::memory_order_acquire);
  if (state != nullptr && state->generation == ForkGeneration()) return *state;
  auto* fresh = new Servers;
  if (current.compare_exchange_strong(state, fresh)) return *fresh;
  delete fresh;  // another thread was first
  return *state;
}

absl::Status NotReached(const std::string& how) {
  return absl::FailedPreconditionError(
      absl::StrCat("the fork server ", how, " its progeny::MainGuard; make the guard the first line of ",
                   "main of the program that is started"));
}

// Why a server ended before it served: what it has said, else how it ended.
absl::Status EndOf(Server& server) {
  const std::optional<platform::ExitInfo> info = server.seam.process().ReapIfEnded();
  if (!info) return absl::UnavailableError("the fork server has gone before it served");
  const ExitStatus status = detail::ExitStatusAccess::FromSeam(*info);
  absl::StatusOr<std::vector<std::byte>> answer = server.slot.ReadAnswer();
  const bool said_why = !absl::IsNotFound(answer.status());
  if (answer.ok()) answer = DecodeAnswer(*std::move(answer));
  if (said_why && !answer.ok()) return answer.status();
  const std::string end = status.ToString();
  if (!server.slot.guard_reached()) {
    return detail::WithExitStatus(NotReached(absl::StrCat("ended (", end, ") before it reached")), status);
  }
  return detail::WithExitStatus(
      absl::AbortedError(absl::StrCat("the fork server ended before it served: ", end)), status);
}

absl::Status AwaitService(Server& server) {
  absl::Status ready = server.seam.AwaitReady(platform::Deadline::After(kTimeToGuard));
  if (absl::IsDeadlineExceeded(ready)) {
    if (!server.slot.guard_reached()) {
      server.seam.End();
      return NotReached(absl::StrCat("has, after ", absl::FormatDuration(kTimeToGuard), ", not reached"));
    }
    ready = server.seam.AwaitReady(platform::Deadline::Infinite());
  }
  return absl::IsUnavailable(ready) ? EndOf(server) : ready;
}

absl::StatusOr<ServerPointer> Launch(const std::string& executable, const std::optional<Preload>& preload) {
  HandOverMessage message;
  message.identity = ForkServerIdentity();
  message.role = Role::kForkServer;
  if (preload) message.entry = preload->entry;
  std::vector<std::byte> payload;
  if (absl::Status encoded = EncodeHandOver(message, payload); !encoded.ok()) return encoded;
  if (preload) payload.insert(payload.end(), preload->task.begin(), preload->task.end());
  absl::StatusOr<Slot> slot = Slot::Create();
  if (!slot.ok()) return slot.status();
  platform::ImageRequest image;
  image.executable = executable;
  image.payload = payload;
  image.slot = &slot->region();
  absl::StatusOr<platform::ForkServer> seam = platform::ForkServer::Launch(image);
  if (!seam.ok()) return seam.status();
  auto server = std::make_shared<Server>(Server{*std::move(slot), *std::move(seam)});
  if (absl::Status served = AwaitService(*server); !served.ok()) return served;
  return server;
}

// Under the lock. The one that runs, else a new one.
absl::StatusOr<ServerPointer> Current(Servers& state, const std::string& executable) {
  ServerPointer& place = state.running[executable];
  if (place != nullptr && place->seam.Usable()) return place;
  if (place != nullptr) place->seam.End();
  place = nullptr;
  const bool own = executable.empty();
  absl::StatusOr<ServerPointer> launched = Launch(executable, own ? state.preload : std::nullopt);
  if (launched.ok()) place = *launched;
  return launched;
}

}  // namespace

absl::Status StartForkServer(std::optional<Preload> preload) {
  Servers& state = CurrentServers();
  std::lock_guard<std::mutex> lock(state.mutex);
  if (!state.spare) {
    if (absl::StatusOr<Slot> slot = Slot::Create(); slot.ok()) state.spare = *std::move(slot);
  }
  if (!preload) return Current(state, "").status();
  ServerPointer& place = state.running[""];
  if (place != nullptr && place->seam.Usable()) {
    return absl::FailedPreconditionError(
        "start the fork server with a preload: it runs already; do that before the first child, or "
        "after ForkServer::Stop()");
  }
  absl::StatusOr<ServerPointer> launched = Launch("", preload);
  if (!launched.ok()) return launched.status();
  place = *std::move(launched);
  state.preload = std::move(preload);
  return absl::OkStatus();
}

absl::StatusOr<platform::ChildHandle> ForkFromServer(const std::string& executable,
                                                     platform::ImageRequest child, Slot& slot) {
  Servers& state = CurrentServers();
  absl::Status gone;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!platform::SlotIsFree(slot.region())) {  // left to a child that is not to begin
      absl::StatusOr<Slot> fresh = Slot::Create();
      if (!fresh.ok()) return fresh.status();
      slot = *std::move(fresh);
    }
    slot.NoteGuardReached();  // the server has
    child.slot = &slot.region();
    ServerPointer server;
    {
      std::lock_guard<std::mutex> lock(state.mutex);
      absl::StatusOr<ServerPointer> current = Current(state, executable);
      if (!current.ok()) return current.status();
      server = *std::move(current);
    }
    absl::StatusOr<platform::ChildHandle> handle = server->seam.Fork(child);
    if (!absl::IsUnavailable(handle.status())) return handle;
    gone = handle.status();
  }
  return absl::UnavailableError(
      absl::StrCat(gone.message(), ", twice running; start the child by spawn to see what ends it"));
}

absl::StatusOr<Slot> TakeSlot() {
  Servers& state = CurrentServers();
  {
    std::lock_guard<std::mutex> lock(state.mutex);
    if (std::optional<Slot> spare = std::exchange(state.spare, std::nullopt)) return *std::move(spare);
  }
  return Slot::Create();
}

void GiveBackSlot(Slot slot) {
  if (!slot.Renew()) return;
  Servers& state = CurrentServers();
  std::lock_guard<std::mutex> lock(state.mutex);
  const bool served = std::any_of(state.running.begin(), state.running.end(),
                                  [](const auto& server) { return server.second != nullptr; });
  if (served && !state.spare) state.spare = std::move(slot);
}

std::optional<ProcessId> ForkServerId() {
  Servers& state = CurrentServers();
  std::lock_guard<std::mutex> lock(state.mutex);
  const auto found = state.running.find("");
  if (found == state.running.end() || found->second == nullptr) return std::nullopt;
  platform::ForkServer& server = found->second->seam;
  if (!server.Usable() || server.process().ReapIfEnded()) return std::nullopt;
  return server.process().id();
}

void StopForkServers() {
  Servers& state = CurrentServers();
  std::lock_guard<std::mutex> lock(state.mutex);
  for (auto& [executable, server] : state.running) {
    if (server != nullptr) server->seam.End();
  }
  state.running.clear();
  state.preload.reset();
  state.spare.reset();
}

}  // namespace progeny::internal
