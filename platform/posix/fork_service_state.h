// What a fork server's own process works with: fork_service.cc serves, fork_service_make.cc makes children.
#ifndef PROGENY_PLATFORM_POSIX_FORK_SERVICE_STATE_H_
#define PROGENY_PLATFORM_POSIX_FORK_SERVICE_STATE_H_

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/fork_server.h"
#include "platform/posix/fork_server_wire.h"
#include "platform/posix/own_children.h"
#include "platform/posix/process_context.h"
#include "platform/posix/served_child.h"
#include "platform/posix/slot_words.h"

namespace progeny::platform {

inline constexpr int kServerFailedExitCode = 71;

class ForkService::State {
 public:
  enum class Kind { kImage, kCopy };
  State(Kind kind, Handle socket, const SharedRegion& slot)
      : socket_(std::move(socket)),
        slot_(SlotWordsOf(slot.head())),
        slot_descriptor_(static_cast<int>(slot.handle())) {
    if (kind == Kind::kImage) before_.emplace();
  }

  // Of a copy, which has been forked with all signals blocked: what was there before.
  void TakeSignalMask(const sigset_t& mask) { inheritance_.signal_mask = mask; }
  absl::StatusOr<HandOver> Serve(size_t slot_bytes);

 private:
  absl::Status Settle();
  absl::Status SettleImage();
  void NeedStatusSocket();
  void Receive();
  bool WellFormed() const;
  bool Make();  // true in the child
  bool MakeClients();
  bool MakeOwn();
  void Answer(ForkReplyHead reply, Handle process);
  void AnswerFailure(ServerStep step, int error);
  void PassOnSignal();
  int GoTo(const Handle& directory);
  size_t Place(uint32_t flag) const;

  Handle socket_;
  SlotWords& slot_;
  const int slot_descriptor_;
  // Of an image's server, as it was launched; code of the user's may change it before it serves. A copy
  // has run none, and has one thread.
  std::optional<ProcessContext> before_;
  bool moved_ = false;
  Handle home_;  // the server's directory, once it has had to leave it for a child
  OwnChildren own_children_;
  Inheritance inheritance_;
  ReceivedRequest request_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_SERVICE_STATE_H_
