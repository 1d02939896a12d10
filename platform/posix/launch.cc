// Interleavings of a launch:
// * The parent dies between posix_spawn and BindChild: the child binds itself in TakeHandOver, and
//   ends itself if the parent is gone by then. Before its guard it is bound by the parent.
// * The child ends before its handle is taken: slot_words.h.
// * Another thread forks meanwhile: all our descriptors are close-on-exec.
#include "platform/launch.h"

#include <unistd.h>

#include "platform/error.h"
#include "platform/image.h"
#include "platform/posix/anonymous_file.h"
#include "platform/posix/child_state.h"
#include "platform/posix/hand_over_header.h"
#include "platform/posix/own_image.h"
#include "platform/posix/spawn.h"

namespace progeny::platform {
namespace {

absl::StatusOr<Handle> WriteHandOver(HandOverHeader header, absl::Span<const std::byte> payload) {
  absl::StatusOr<Handle> file = CreateAnonymousFile("progeny-hand-over");
  if (!file.ok()) return file;
  header.payload_size = payload.size();
  header.check = header.Sum();
  const auto bytes = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(&header), sizeof header);
  if (absl::Status put = WriteAt(file->get(), 0, bytes); !put.ok()) return put;
  if (absl::Status put = WriteAt(file->get(), sizeof header, payload); !put.ok()) return put;
  // From here on nobody can change it under the child's eyes.
  Freeze(file->get());
  return file;
}

uint16_t WhichThereAre(absl::Span<const NativeHandle> attachments) {
  unsigned there = 0;
  for (size_t i = 0; i < attachments.size(); ++i) {
    if (attachments[i] != kNoHandle) there |= 1U << i;
  }
  return static_cast<uint16_t>(there);
}

}  // namespace

absl::StatusOr<StartedProgram> LaunchProgram(const ProgramRequest& request) {
  SpawnRequest spawn;
  spawn.path = AbsolutePath(request.path);
  spawn.shown_path = request.path;
  spawn.arguments = request.arguments;
  spawn.setup = &request.setup;
  absl::StatusOr<pid_t> pid = Spawn(spawn);
  if (!pid.ok()) return pid.status();
  return StartedProgram{*pid, Handle()};
}

absl::StatusOr<ChildHandle> LaunchImage(const ImageRequest& request) {
  if (request.attachments.size() > kMostAttachments) {
    return absl::InvalidArgumentError("start a child: too many handles are attached");
  }
  SpawnRequest spawn;
  absl::StatusOr<MarkedImage> image = MarkImage(request.executable);
  if (!image.ok()) return image.status();
  spawn.path = image->path;
  spawn.shown_path = request.executable.empty() ? ProgramPath() : request.executable;
  spawn.arguments = image->arguments;
  spawn.setup = &request.setup;

  absl::StatusOr<ExitPipe> exit_pipe = PrepareExitPipe();
  if (!exit_pipe.ok()) return exit_pipe.status();
  absl::StatusOr<LifelineReader> lifeline = OpenLifeline();
  if (!lifeline.ok()) return lifeline.status();
  const bool with_exit_pipe = exit_pipe->write.valid();
  HandOverHeader header;
  header.own_count = with_exit_pipe ? kMostOwnDescriptors : kMostOwnDescriptors - 1;
  header.attachment_count = static_cast<uint8_t>(request.attachments.size());
  header.attached = WhichThereAre(request.attachments);
  absl::StatusOr<Handle> hand_over = WriteHandOver(header, request.payload);
  if (!hand_over.ok()) return hand_over.status();

  std::vector<NativeHandle> passed{hand_over->get(), request.slot->handle(), lifeline->reader.get()};
  if (with_exit_pipe) passed.push_back(exit_pipe->write.get());
  for (NativeHandle attached : request.attachments) {
    if (attached != kNoHandle) passed.push_back(attached);
  }
  spawn.passed = passed;
  SlotWordsOf(request.slot->head()).parent = static_cast<uint32_t>(getpid());
  absl::StatusOr<pid_t> pid = Spawn(spawn);
  if (!pid.ok()) return pid.status();

  exit_pipe->write.Reset();
  BindChild(lifeline->reader, *pid);
  return AdoptChild({*pid, *std::move(lifeline), *std::move(exit_pipe), request.slot->head()});
}

}  // namespace progeny::platform
