// Interleavings of a launch:
// * The parent dies between the start and BindChild: the child binds itself in TakeHandOver, and
//   ends itself if the parent is gone by then. Before its guard it is bound by the parent, or was
//   before it executed its image.
// * The child ends before its handle is taken: slot_words.h.
// * Another thread forks meanwhile: all our descriptors are close-on-exec.
#include "platform/launch.h"

#include <unistd.h>

#include <cstring>

#include "platform/error.h"
#include "platform/image.h"
#include "platform/posix/anonymous_file.h"
#include "platform/posix/child_state.h"
#include "platform/posix/own_image.h"
#include "platform/posix/spawn.h"

namespace progeny::platform {
namespace {

// Into the slot, or into a file of its own.
absl::StatusOr<Handle> WritePayload(absl::Span<const std::byte> payload, SlotWords& words) {
  if (payload.size() <= kInlinePayload) {
    if (!payload.empty()) std::memcpy(words.payload, payload.data(), payload.size());
    return Handle();
  }
  absl::StatusOr<Handle> file = CreateAnonymousFile("progeny-hand-over");
  if (!file.ok()) return file;
  if (absl::Status put = WriteAt(file->get(), 0, payload); !put.ok()) return put;
  // From here on nobody can change it under the child's eyes.
  Freeze(file->get());
  return file;
}

void WriteHeader(const ImageRequest& request, const ExitPipe& exit_pipe, SlotWords& words) {
  HandOverHeader& header = words.hand_over;
  header.magic = HandOverHeader::kMagic;
  header.payload_size = request.payload.size();
  header.exit_pipes = exit_pipe.write.valid() ? 1 : 0;
  header.attached_count = static_cast<uint32_t>(request.attached.size());
  header.check = header.Sum();
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
  SpawnRequest spawn;
  absl::StatusOr<MarkedImage> image = MarkImage(request.executable);
  if (!image.ok()) return image.status();
  spawn.path = image->path;
  spawn.shown_path = request.executable;
  spawn.arguments = image->arguments;
  spawn.setup = &request.setup;

  absl::StatusOr<ExitPipe> exit_pipe = PrepareExitPipe();
  if (!exit_pipe.ok()) return exit_pipe.status();
  absl::StatusOr<LifelineReader> lifeline = OpenLifeline();
  if (!lifeline.ok()) return lifeline.status();
  SlotWords& words = SlotWordsOf(request.slot->head());
  absl::StatusOr<Handle> payload = WritePayload(request.payload, words);
  if (!payload.ok()) return payload.status();
  WriteHeader(request, *exit_pipe, words);

  std::vector<NativeHandle> passed{request.slot->handle(), lifeline->reader.get()};
  if (payload->valid()) passed.push_back(payload->get());
  if (exit_pipe->write.valid()) passed.push_back(exit_pipe->write.get());
  passed.insert(passed.end(), request.attached.begin(), request.attached.end());
  spawn.passed = passed;
  spawn.lifeline = lifeline->reader.get();
  spawn.slot = &words;
  words.parent = static_cast<uint32_t>(getpid());
  absl::StatusOr<pid_t> pid = Spawn(spawn);
  if (!pid.ok()) return pid.status();

  exit_pipe->write.Reset();
  if (words.bound.load() == 0) BindChild(lifeline->reader, *pid);
  return AdoptChild({*pid, *std::move(lifeline), *std::move(exit_pipe), request.slot->head(), true});
}

}  // namespace progeny::platform
