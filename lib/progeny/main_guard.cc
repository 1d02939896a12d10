#include "progeny/main_guard.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "platform/image.h"
#include "platform/launch.h"
#include "platform/resource_limits.h"
#include "progeny/detail/entry.h"
#include "progeny/internal/answer.h"
#include "progeny/internal/hand_over_message.h"
#include "progeny/internal/run_task.h"
#include "progeny/internal/self.h"
#include "progeny/internal/slot.h"

namespace progeny {
namespace {

// The parent can't have meant this: nothing of its work has been run.
constexpr int kNoWorkExitCode = 1;

[[noreturn]] void End(int code) {
  platform::BeforeLaunchedChildEnds();
  std::exit(code);
}

[[noreturn]] void EndWithout(const absl::Status& reason, internal::Slot& slot) {
  internal::LogError(reason);
  detail::EntryOutcome outcome;
  outcome.status = reason;
  (void)slot.WriteAnswer(internal::EncodeAnswer(outcome));
  End(kNoWorkExitCode);
}

// The node behind the address that the parent named; refused unless it really is one.
absl::StatusOr<const detail::EntryNode*> FindEntry(const platform::ImageAddress& address) {
  absl::StatusOr<const void*> place = platform::ResolveImage(address, sizeof(detail::EntryNode));
  if (!place.ok()) return place.status();
  const auto* node = static_cast<const detail::EntryNode*>(*place);
  const bool aligned = reinterpret_cast<uintptr_t>(node) % alignof(detail::EntryNode) == 0;
  if (aligned && node->magic == detail::EntryNode::kMagic) return node;
  return absl::FailedPreconditionError(absl::StrCat(
      "find an entry in image '", address.path, "' (build ", address.build_id, "): there is none at offset ",
      address.offset, "; start parent and child from the same build"));
}

[[noreturn]] void RunHandedOver(int* argc, char** argv, const MainGuardOptions& options) {
  absl::StatusOr<platform::HandOver> hand_over =
      platform::TakeHandOver(argc, argv, internal::kSlotBytes);
  if (!hand_over.ok()) {
    internal::LogError(hand_over.status());
    End(kNoWorkExitCode);
  }
  // Never destroyed: the parent reads it, and other threads may look at it, until the very end.
  internal::Slot& slot = *new internal::Slot(std::move(hand_over->slot));
  if (internal::StartedWithoutGuard()) {
    EndWithout(absl::FailedPreconditionError(
                   "the child's progeny::MainGuard came too late, after user code had tried to start a "
                   "process; make it the first line of main"),
               slot);
  }
  slot.NoteGuardReached();
  absl::StatusOr<internal::DecodedHandOver> work =
      internal::DecodeHandOver(hand_over->payload.span());
  if (!work.ok()) EndWithout(work.status(), slot);
  absl::StatusOr<const detail::EntryNode*> entry = FindEntry(work->message.entry);
  if (!entry.ok()) EndWithout(entry.status(), slot);
  if (absl::Status limited = platform::ApplyResourceLimits(work->message.limits); !limited.ok()) {
    EndWithout(limited, slot);
  }
  internal::BecomeChild(&work->message.identity, &slot);
  if (options.in_child != nullptr) options.in_child();
  End(internal::RunInChild(
      [&](detail::EntryOutcome& outcome) {
        detail::EntryInput input{detail::ByteReader(work->task),
                                 [&] { hand_over->payload = platform::HandOverBytes(); }};
        for (platform::Handle& handle : hand_over->attachments) {
          input.attachments.push_back(handle.Release());
        }
        (*entry)->run(input, outcome);
      },
      slot));
}

void Meet(int* argc, char** argv, const MainGuardOptions& options) {
  internal::NoteGuardMet();
  if (platform::HasHandOver()) RunHandedOver(argc, argv, options);
}

}  // namespace

MainGuard::MainGuard(int& argc, char** argv, MainGuardOptions options) { Meet(&argc, argv, options); }

MainGuard::MainGuard(MainGuardOptions options) { Meet(nullptr, nullptr, options); }

}  // namespace progeny
