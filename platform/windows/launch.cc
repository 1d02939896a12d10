#include "platform/launch.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/child_state.h"
#include "platform/windows/command_line.h"
#include "platform/windows/create_process.h"
#include "platform/windows/hand_over.h"
#include "platform/windows/job.h"
#include "platform/windows/own_image.h"
#include "platform/windows/random.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

// cmd.exe reads a batch file's arguments by rules under which quoting can be broken out of.
absl::Status RefuseBatchFile(const std::string& path) {
  // Windows ignores dots and blanks at the end of a file's name.
  const absl::string_view name = absl::string_view(path).substr(0, path.find_last_not_of(". ") + 1);
  if (!absl::EndsWithIgnoreCase(name, ".bat") && !absl::EndsWithIgnoreCase(name, ".cmd")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("start '", path, "': a batch file's arguments can't be quoted safely; start "
                   "cmd.exe with a command line of your own"));
}

absl::StatusOr<std::wstring> CommandLineOf(const ProgramRequest& request) {
  std::vector<std::wstring> arguments;
  if (request.arguments.empty()) {
    absl::StatusOr<std::wstring> name = WideFromUtf8(request.path, "a path");
    if (!name.ok()) return name.status();
    arguments.push_back(*std::move(name));
  }
  for (const std::string& argument : request.arguments) {
    absl::StatusOr<std::wstring> wide = WideFromUtf8(argument, "an argument");
    if (!wide.ok()) return wide.status();
    arguments.push_back(*std::move(wide));
  }
  return CommandLineFrom(arguments);
}

absl::StatusOr<std::wstring> ImagePathOf(const ImageRequest& request) {
  return request.executable.empty() ? OwnImagePath() : WidePath(request.executable);
}

// What the child inherits, made for one start.
struct Inheritance {
  Handle slot;
  Handle interrupt;
  Handle parent;
  std::vector<Handle> attached;
  Handle hand_over;
  uint64_t nonce = 0;
};

absl::StatusOr<Inheritance> Bequeath(const ImageRequest& request, NativeHandle interrupt) {
  Inheritance inheritance;
  inheritance.nonce = RandomWord();
  if (request.slot != nullptr) {
    absl::StatusOr<Handle> slot =
        InheritableDuplicate(request.slot->handle(), SECTION_MAP_READ | SECTION_MAP_WRITE);
    if (!slot.ok()) return slot.status();
    inheritance.slot = *std::move(slot);
  }
  absl::StatusOr<Handle> event = InheritableDuplicate(interrupt, SYNCHRONIZE);
  if (!event.ok()) return event.status();
  inheritance.interrupt = *std::move(event);
  absl::StatusOr<Handle> parent =
      InheritableDuplicate(reinterpret_cast<NativeHandle>(GetCurrentProcess()), SYNCHRONIZE);
  if (!parent.ok()) return parent.status();
  inheritance.parent = *std::move(parent);
  for (NativeHandle handle : request.attached) {
    absl::StatusOr<Handle> duplicate = InheritableDuplicate(handle, 0);
    if (!duplicate.ok()) return duplicate.status();
    inheritance.attached.push_back(*std::move(duplicate));
  }
  HandOverHeader header;
  header.nonce = inheritance.nonce;
  header.slot = inheritance.slot.get();
  header.interrupt = inheritance.interrupt.get();
  header.parent = inheritance.parent.get();
  absl::StatusOr<Handle> hand_over = WriteHandOver(header, request.payload, inheritance.attached);
  if (!hand_over.ok()) return hand_over.status();
  inheritance.hand_over = *std::move(hand_over);
  return inheritance;
}

absl::StatusOr<CreateProcessRequest> ChildRequest(const ImageRequest& request,
                                                  const Inheritance& inheritance) {
  absl::StatusOr<std::wstring> path = ImagePathOf(request);
  if (!path.ok()) return path.status();
  CreateProcessRequest create;
  create.application = *std::move(path);
  create.command_line =
      GetCommandLineW() + HandOverToken(inheritance.hand_over.get(), inheritance.nonce);
  if (create.command_line.size() >= kLongestCommandLine) {
    return absl::ResourceExhaustedError(
        "start a child: this program's own command line leaves no room for the child's mark");
  }
  create.setup = &request.setup;
  create.inherited = {inheritance.hand_over.get(), inheritance.interrupt.get(),
                      inheritance.parent.get()};
  if (inheritance.slot.valid()) create.inherited.push_back(inheritance.slot.get());
  for (const Handle& handle : inheritance.attached) create.inherited.push_back(handle.get());
  return create;
}

}  // namespace

absl::StatusOr<StartedProgram> LaunchProgram(const ProgramRequest& request) {
  if (absl::Status fits = RefuseBatchFile(request.path); !fits.ok()) return fits;
  absl::StatusOr<std::wstring> path = WidePath(request.path);
  if (!path.ok()) return path.status();
  absl::StatusOr<std::wstring> command_line = CommandLineOf(request);
  if (!command_line.ok()) return command_line.status();
  CreateProcessRequest create;
  create.application = *std::move(path);
  create.command_line = *std::move(command_line);
  create.setup = &request.setup;
  absl::StatusOr<CreatedProcess> created = CreateProcessWith(create);
  if (!created.ok()) return created.status();
  return StartedProgram{.id = created->id, .process = std::move(created->process)};
}

absl::StatusOr<ChildHandle> LaunchImage(const ImageRequest& request) {
  absl::StatusOr<Handle> job = CreateLifetimeJob();
  if (!job.ok()) return job.status();
  // Reset by itself: each interrupt is heard once.
  Handle interrupt(FromHandle(CreateEventW(nullptr, FALSE, FALSE, nullptr)));
  if (!interrupt.valid()) return LastOsError("create an event", "");
  const absl::StatusOr<Inheritance> inheritance = Bequeath(request, interrupt.get());
  if (!inheritance.ok()) return inheritance.status();
  absl::StatusOr<CreateProcessRequest> create = ChildRequest(request, *inheritance);
  if (!create.ok()) return create.status();
  create->job = job->get();
  absl::StatusOr<CreatedProcess> created = CreateProcessWith(*create);
  if (!created.ok()) return created.status();
  return ChildHandle(std::make_unique<ChildHandle::State>(
      ChildHandle::State::Parts{.id = created->id,
                                .process = std::move(created->process),
                                .job = *std::move(job),
                                .interrupt = std::move(interrupt),
                                .slot_head = request.slot != nullptr ? request.slot->head() : nullptr}));
}

}  // namespace progeny::platform
