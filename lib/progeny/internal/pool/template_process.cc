// Only one thread of the pool's ever talks to the template, its supervisor, so that what can come in
// between comes from other processes:
// * The template is killed while it makes a worker. Either the kernel had made it, and it is adopted as
//   if nothing had happened, or it hadn't, and the start has failed (platform/posix/fork_server.cc).
// * It is killed between two starts: the supervisor sees its end and says so. Who works goes on
//   working; a worker that ends isn't replaced any more; when the last one is gone the pool is closed
//   with that status. It isn't forked anew: what it was a copy of is no more.
// * It is stopped, or hangs: the start fails after twenty seconds, and the template is killed. Until then
//   the supervisor, which waits for it, hears of no other worker's end.
// * The pool's process is killed: the template is bound to its life like any child, and so is a worker
//   that the template is making, by a lifeline that it is given with the request and arms first of all.
// * The pool is closed or terminated while a start runs: the supervisor finishes it (engine_life.cc),
//   and only then ends the template.
// * Another pool, or a Process, is forked while the template lives: the child closes what this process
//   holds of the template (platform/posix/server_connection.cc).
#include "progeny/internal/pool/template_process.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "progeny/internal/child.h"
#include "progeny/internal/child_work.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/packed_task.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

constexpr int kServeFailedExitCode = 71;

// In the template, and in its children.
int Serve(platform::ForkService& service) {
  absl::StatusOr<platform::HandOver> taken = service.Serve(kSlotBytes);
  if (taken.ok()) RunServedChild(*std::move(taken));
  Log::Error(taken.status());
  return kServeFailedExitCode;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemplateProcess>> TemplateProcess::Fork(const ProcessOptions& workers) {
  if (absl::Status checked = CheckedStrategy(workers).status(); !checked.ok()) return checked;
  const auto environment = ChangedEnvironment(workers.environment);
  if (!environment.ok()) return environment.status();
  absl::StatusOr<Slot> slot = Slot::Create();
  if (!slot.ok()) return slot.status();
  auto made = std::unique_ptr<TemplateProcess>(new TemplateProcess(*std::move(slot)));
  platform::ForkRequest copy;
  if (*environment) copy.setup.environment = &**environment;
  copy.setup.working_directory = workers.working_directory;
  copy.slot = &made->slot_.region();
  absl::StatusOr<platform::ForkServer> server =
      platform::ForkServer::Copy(copy, [](platform::ForkService& service) {
        detail::CloseParentsStreams();
        return Serve(service);
      });
  if (!server.ok()) return server.status();
  made->server_ = *std::move(server);
  return made;
}

TemplateProcess::~TemplateProcess() {
  if (server_) server_->End();
}

absl::Status TemplateProcess::Ended() const {
  const std::optional<platform::ExitInfo> info = server_->process().ReapIfEnded();
  const std::string how = info ? detail::ExitStatusAccess::FromSeam(*info).ToString() : "it is out of reach";
  return absl::UnavailableError(
      absl::StrCat("the pool's template process (", server_->process().id(), ") has ended: ", how,
                   "; no worker is replaced any more: make the pool anew"));
}

absl::StatusOr<platform::ChildHandle> TemplateProcess::Start(const StartRequest& request) const {
  if (server_->process().ReapIfEnded()) return Ended();
  if (!server_->Usable()) {
    return absl::FailedPreconditionError(
        "this process has become another user since it made the pool, and the pool's template process "
        "hasn't: make the pool anew");
  }
  const absl::StatusOr<PackedTask> packed = Pack(request);
  if (!packed.ok()) return packed.status();
  request.slot->NoteGuardReached();  // a copy needs none
  platform::ImageRequest child;
  child.payload = packed->payload;
  child.attached = packed->handles.handles();
  child.slot = &request.slot->region();
  child.setup = request.setup;
  absl::StatusOr<platform::ChildHandle> handle = server_->Fork(child);
  if (handle.ok()) made_any_ = true;
  if (absl::IsUnavailable(handle.status())) return Ended();
  return handle;
}

NativeHandle TemplateProcess::sentinel() const {
  return told_ ? platform::kNoHandle : server_->process().sentinel();
}

void TemplateProcess::LookForEnd() {
  if (told_ || !server_->process().ReapIfEnded()) return;
  told_ = true;
  if (!to_end_) Log::Error(Ended());
}

void TemplateProcess::BeginEnd() {
  if (std::exchange(to_end_, true)) return;
  (void)server_->process().Kill();
}

}  // namespace progeny::internal
