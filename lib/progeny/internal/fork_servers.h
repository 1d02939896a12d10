// The fork servers of this process: one of this program, and one for each other executable that was
// named. Thread-safe. A forked child of this process has none until it starts one of its own.
#ifndef PROGENY_INTERNAL_FORK_SERVERS_H_
#define PROGENY_INTERNAL_FORK_SERVERS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/image.h"
#include "platform/launch.h"
#include "progeny/internal/slot.h"
#include "progeny/this_process.h"

namespace progeny::internal {

// What a server runs before it serves; kept, as a server that takes over from a dead one runs it too.
struct Preload {
  platform::ImageAddress entry;
  std::vector<std::byte> task;
};

// Starts this program's server if none runs. FailedPrecondition if there is a preload and one runs
// already. The status of the preload, if that fails: then nothing has changed.
absl::Status StartForkServer(std::optional<Preload> preload);

// A child of the server of `executable` ("": this program), which is started first if none runs. Its slot may
// have become another when this returns: one attempt may leave it to a child that is not to begin.
absl::StatusOr<platform::ChildHandle> ForkFromServer(const std::string& executable,
                                                     platform::ImageRequest child, Slot& slot);

// A child's slot is most of what its start costs here, so one is kept for the next child.
absl::StatusOr<Slot> TakeSlot();
void GiveBackSlot(Slot slot);

// Of this program.
std::optional<ProcessId> ForkServerId();

// Ends all servers, and forgets the preload; their children run on.
void StopForkServers();

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_FORK_SERVERS_H_
