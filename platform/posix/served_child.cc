#include "platform/posix/served_child.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/fork_server.h"
#include "platform/posix/after_fork.h"
#include "platform/posix/child_end.h"
#include "platform/posix/fork_handlers.h"
#include "platform/posix/child_state.h"
#include "platform/posix/own_state.h"
#include "platform/posix/process_name.h"
#include "platform/posix/served_fork.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {
namespace {

// Missing ones are closed, as they are in the client.
void TakeStreams(ReceivedRequest& request) {
  for (int stream : {0, 1, 2}) {
    if (!request.Has(static_cast<uint32_t>(kHasStream) << stream)) {
      close(stream);
      continue;
    }
    const Handle handle = request.Take();
    int result = 0;
    do {
      result = dup2(static_cast<int>(handle.get()), stream);
    } while (result < 0 && errno == EINTR);
    if (result < 0) _exit(kSetupFailedExitCode);
  }
}

void TakeEndOfChild(ReceivedRequest& request) {
  if (request.Has(kHasExitPipe)) KeepExitPipe(static_cast<int>(request.Take().Release()));
  if (!request.Has(kHasStatusSocket)) return;
  KeepExitPipe(static_cast<int>(request.Take().Release()));
  SlotWords& words = *own.slot;
  words.own_id.store(static_cast<uint32_t>(getpid()));
  if (!ClaimFirst(words, Claim::kBegun)) _exit(kSetupFailedExitCode);  // its start has been told as failed
}

absl::StatusOr<HandOverBytes> TakeBytes(ReceivedRequest& request, const Inheritance& inheritance) {
  const size_t payload_size = request.head.payload_size;
  const size_t environment_size = request.head.environment_size;
  const std::byte* start = inheritance.buffer;
  size_t room = request.head.body_size;
  if (request.Has(kHasFile)) {
    const Handle file = request.Take();
    struct stat info {};
    if (fstat(static_cast<int>(file.get()), &info) != 0) return LastOsError("take the hand-over", "");
    void* const mapped = mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE,
                              static_cast<int>(file.get()), 0);
    if (mapped == MAP_FAILED) return LastOsError("map the hand-over", "");
    start = static_cast<const std::byte*>(mapped);
    room = static_cast<size_t>(info.st_size);
  }
  if (payload_size > room || environment_size > room - payload_size) {
    return absl::DataLossError("take the hand-over: it is shorter than was promised");
  }
  HandOverBytes payload(start, payload_size);
  if (request.Has(kHasEnvironment)) {
    const char* text = reinterpret_cast<const char*>(payload.span().data() + payload_size);
    BecomeEnvironment({text, environment_size}, inheritance.environment);
  }
  return payload;
}

void NoteFork() {
  if (own.slot != nullptr) own.slot->forked.store(1);
}
const int noted = AroundEveryFork({&NoteFork, [] {}, nullptr});

}  // namespace

HandOver BecomeServedChild(ReceivedRequest& request, const Inheritance& inheritance,
                           size_t slot_bytes) {
  close(own.lifeline);  // the server's
  UnnameProcess();
  TakeStreams(request);
  absl::StatusOr<SharedRegion> slot = SharedRegion::Open(request.Take(), slot_bytes);
  if (!slot.ok()) _exit(kSetupFailedExitCode);
  BindSelf(static_cast<int>(request.Take().Release()), SlotWordsOf(slot->head()));
  own.status_can_be_lost = inheritance.status_can_be_lost;
  TakeEndOfChild(request);
  if (request.Has(kHasDirectory)) request.Take().Reset();  // this is it
  SetSignalMask(inheritance.signal_mask);
  absl::StatusOr<HandOverBytes> payload = TakeBytes(request, inheritance);
  if (!payload.ok()) _exit(kSetupFailedExitCode);
  HandOver hand_over;
  hand_over.payload = *std::move(payload);
  hand_over.slot = *std::move(slot);
  while (request.next < request.handles.size()) hand_over.attached.push_back(request.Take());
  return hand_over;
}

bool SlotIsFree(const SharedRegion& slot) {
  const SlotWords& words = SlotWordsOf(slot.head());
  return words.forked.load() == 0 && words.claim.load() != static_cast<uint32_t>(Claim::kGivenUp);
}

void EndServedChild(int code) {
  FlushOwnOutput();
  if (own.status_can_be_lost) AwaitAdoption(*own.slot);
  EndForkedChild(code);
}

}  // namespace progeny::platform
