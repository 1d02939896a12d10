// What a re-executed process does with its hand-over: run one task and end, or serve children that
// do so.
#ifndef PROGENY_INTERNAL_CHILD_WORK_H_
#define PROGENY_INTERNAL_CHILD_WORK_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/image.h"
#include "platform/launch.h"
#include "progeny/detail/entry.h"
#include "progeny/internal/hand_over_message.h"
#include "progeny/internal/slot.h"

namespace progeny::internal {

// All of it lives until the process ends.
struct ChildWork {
  platform::HandOver* hand_over = nullptr;
  Slot* slot = nullptr;
  DecodedHandOver* decoded = nullptr;
  void (*in_child)() = nullptr;  // may be null
  void (*end)(int code) = nullptr;
};

[[noreturn]] void RunWork(const ChildWork& work);

// A fork server: in_child and the preload run here, once. Ends with the client; returns nowhere, in its
// children neither.
[[noreturn]] void ServeForks(const ChildWork& work);

// In a child of a server, whose hand-over this is.
[[noreturn]] void RunServedChild(platform::HandOver taken);

// The parent can't have meant this: nothing of its work is run, it is told why.
[[noreturn]] void EndWithout(const absl::Status& reason, const ChildWork& work);

// The node behind the address that the parent named; refused unless it really is one.
absl::StatusOr<const detail::EntryNode*> FindEntry(const platform::ImageAddress& address);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_CHILD_WORK_H_
