#include "progeny/main_guard.h"

#include <cstdlib>

#include "platform/launch.h"
#include "progeny/internal/child_work.h"
#include "progeny/internal/hand_over_message.h"
#include "progeny/internal/self.h"
#include "progeny/internal/slot.h"
#include "progeny/log.h"

namespace progeny {
namespace {

constexpr int kNoWorkExitCode = 1;

void End(int code) {
  platform::BeforeLaunchedChildEnds();
  std::exit(code);
}

[[noreturn]] void RunHandedOver(int* argc, char** argv, const MainGuardOptions& options) {
  absl::StatusOr<platform::HandOver> hand_over =
      platform::TakeHandOver(argc, argv, internal::kSlotBytes);
  if (!hand_over.ok()) {
    Log::Error(hand_over.status());
    End(kNoWorkExitCode);
    std::abort();  // not reached
  }
  // Never destroyed: the parent reads it, and other threads may look at it, until the very end.
  internal::Slot& slot = *new internal::Slot(std::move(hand_over->slot));
  internal::ChildWork work{&*hand_over, &slot, nullptr, options.in_child, &End};
  if (internal::StartedWithoutGuard()) {
    internal::EndWithout(
        absl::FailedPreconditionError(
            "the child's progeny::MainGuard came too late, after user code had tried to start a "
            "process; make it the first line of main"),
        work);
  }
  slot.NoteGuardReached();
  absl::StatusOr<internal::DecodedHandOver> decoded =
      internal::DecodeHandOver(hand_over->payload.span());
  if (!decoded.ok()) internal::EndWithout(decoded.status(), work);
  work.decoded = &*decoded;
  if (decoded->message.role == internal::Role::kForkServer) internal::ServeForks(work);
  internal::RunWork(work);
}

void Meet(int* argc, char** argv, const MainGuardOptions& options) {
  internal::NoteGuardMet();
  if (platform::HasHandOver()) RunHandedOver(argc, argv, options);
}

}  // namespace

MainGuard::MainGuard(int& argc, char** argv, MainGuardOptions options) { Meet(&argc, argv, options); }

MainGuard::MainGuard(MainGuardOptions options) { Meet(nullptr, nullptr, options); }

}  // namespace progeny
