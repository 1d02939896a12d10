#include "progeny/internal/child_work.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
#include "platform/fork_server.h"
#include "platform/image.h"
#include "platform/resource_limits.h"
#include "progeny/detail/entry.h"
#include "progeny/internal/answer.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/run_task.h"
#include "progeny/internal/self.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

constexpr int kNoWorkExitCode = 1;
// Below it unmapping costs more than it gives back.
constexpr size_t kWorthReleasing = 64 << 10;

[[noreturn]] void End(const ChildWork& work, int code) {
  work.end(code);
  std::abort();  // it doesn't return
}

detail::IncomingHandles Release(std::vector<platform::Handle>& attached) {
  std::vector<NativeHandle> handles;
  handles.reserve(attached.size());
  for (platform::Handle& handle : attached) handles.push_back(handle.Release());
  return detail::IncomingHandles(std::move(handles));
}

void RunEntry(const detail::EntryNode& entry, const ChildWork& work, detail::EntryOutcome& outcome) {
  detail::IncomingHandles handles = Release(work.hand_over->attached);
  const auto release = [&] {
    if (work.hand_over->payload.span().size() >= kWorthReleasing) {
      work.hand_over->payload = platform::HandOverBytes();
    }
    handles.CloseRest();
  };
  detail::EntryInput input{detail::ByteReader(work.decoded->task), release, &handles};
  entry.run(input, outcome);
}

// What in_child and the preload come to.
absl::Status RunPreload(const ChildWork& work) {
  absl::StatusOr<const detail::EntryNode*> entry = nullptr;
  const platform::ImageAddress& address = work.decoded->message.entry;
  if (!address.build_id.empty()) entry = FindEntry(address);
  if (!entry.ok()) return entry.status();
  detail::EntryOutcome outcome;
  const auto thrown = platform::RunCatching([&] {
    if (work.in_child != nullptr) work.in_child();
    if (*entry != nullptr) RunEntry(**entry, work, outcome);
  });
  if (thrown) return detail::RemoteErrorStatus({thrown->type, thrown->what});
  return outcome.status;
}

// What a child of a server lives in. The server makes it for all of them: a child that asks the allocator for
// some faults in ten pages for it.
struct ServedChild {
  platform::HandOver hand_over;
  Slot slot{platform::SharedRegion()};
  DecodedHandOver decoded;
};
ServedChild* served = nullptr;

void PrepareServedChildren() {
  platform::PrepareCrashReports();
  served = new ServedChild;
  served->decoded.Reserve();
}

}  // namespace

void EndWithout(const absl::Status& reason, const ChildWork& work) {
  Log::Error(reason);
  detail::EntryOutcome outcome;
  outcome.status = reason;
  (void)work.slot->WriteAnswer(EncodeAnswer(outcome));
  End(work, kNoWorkExitCode);
}

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

void RunWork(const ChildWork& work) {
  absl::StatusOr<const detail::EntryNode*> entry = FindEntry(work.decoded->message.entry);
  if (!entry.ok()) EndWithout(entry.status(), work);
  if (absl::Status limited = platform::ApplyResourceLimits(work.decoded->message.limits); !limited.ok()) {
    EndWithout(limited, work);
  }
  BecomeChild(&work.decoded->message.identity, work.slot);
  // Where there is nothing of the kind the child goes without.
  if (work.decoded->message.reports_crashes) (void)work.slot->ArmCrashReport();
  if (work.in_child != nullptr) work.in_child();
  End(work, RunInChild([&](detail::EntryOutcome& outcome) { RunEntry(**entry, work, outcome); },
                       *work.slot));
}

void ServeForks(const ChildWork& work) {
  absl::StatusOr<platform::ForkService> begun = platform::ForkService::Begin(*work.hand_over, work.slot->region());
  if (!begun.ok()) EndWithout(begun.status(), work);
  auto& service = *new platform::ForkService(*std::move(begun));
  BecomeChild(&work.decoded->message.identity, work.slot);
  if (absl::Status loaded = RunPreload(work); !loaded.ok()) EndWithout(loaded, work);
  PrepareServedChildren();
  absl::StatusOr<platform::HandOver> taken = service.Serve(kSlotBytes);
  if (!taken.ok()) EndWithout(taken.status(), work);
  RunServedChild(*std::move(taken));
}

void RunServedChild(platform::HandOver taken) {
  ServedChild* const ready = std::exchange(served, nullptr);  // a server that this child becomes has its own
  ServedChild& own = ready != nullptr ? *ready : *new ServedChild;
  own.hand_over = std::move(taken);
  own.slot = Slot(std::move(own.hand_over.slot));
  ChildWork child{&own.hand_over, &own.slot, nullptr, nullptr, &platform::EndServedChild};
  if (absl::Status status = DecodeHandOver(own.hand_over.payload.span(), own.decoded); !status.ok()) {
    EndWithout(status, child);
  }
  child.decoded = &own.decoded;
  RunWork(child);
}

}  // namespace progeny::internal
