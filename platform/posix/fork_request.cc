#include "platform/posix/fork_request.h"

#include <fcntl.h>
#include <unistd.h>

#include "platform/error.h"
#include "platform/posix/anonymous_file.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {
namespace {

bool IsOpen(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

void AddStreams(const StandardStreams& streams, ServerConnection::Question& question) {
  int number = 0;
  for (NativeHandle stream : {streams.in, streams.out, streams.err}) {
    const int descriptor = stream == kNoHandle ? number : static_cast<int>(stream);
    if (stream != kNoHandle || IsOpen(descriptor)) {
      question.head.flags |= static_cast<uint32_t>(kHasStream) << number;
      question.handles.push_back(descriptor);
    }
    ++number;
  }
}

absl::Status AddEndOfChild(Prepared& prepared) {
  ServerConnection::Question& question = prepared.question;
  if (prepared.child_is_ours) {
    absl::StatusOr<ExitPipe> pipe = PrepareExitPipe();
    if (!pipe.ok()) return pipe.status();
    prepared.child.exit_pipe = *std::move(pipe);
    if (!prepared.child.exit_pipe.write.valid()) return absl::OkStatus();
    question.head.flags |= kHasExitPipe;
    question.handles.push_back(static_cast<int>(prepared.child.exit_pipe.write.get()));
    return absl::OkStatus();
  }
  absl::StatusOr<SocketPair> status = CreateSocketPair();
  if (!status.ok()) return status.status();
  prepared.child.exit_pipe.read = std::move(status->first);
  prepared.child.exit_pipe.write = std::move(status->second);
  question.head.flags |= kHasStatusSocket;
  question.handles.push_back(static_cast<int>(prepared.child.exit_pipe.write.get()));
  return absl::OkStatus();
}

absl::Status AddDirectory(const std::string& named, const std::optional<ProcessContext>& server,
                          Prepared& prepared) {
  const bool same = named.empty() && (!server || CurrentDirectory() == server->directory);
  if (same) return absl::OkStatus();
  auto directory = AboveStandardStreams(
      open(named.empty() ? "." : named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
      "open the working directory");
  if (!directory.ok()) return directory.status();
  prepared.question.head.flags |= kHasDirectory;
  prepared.question.handles.push_back(static_cast<int>(directory->get()));
  prepared.owned.push_back(*std::move(directory));
  return absl::OkStatus();
}

absl::StatusOr<Handle> WriteFile(absl::string_view payload, absl::string_view environment) {
  absl::StatusOr<Handle> file = CreateAnonymousFile("progeny-hand-over");
  if (!file.ok()) return file;
  size_t offset = 0;
  for (absl::string_view part : {payload, environment}) {
    const auto bytes = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(part.data()), part.size());
    if (absl::Status put = WriteAt(file->get(), offset, bytes); !put.ok()) return put;
    offset += part.size();
  }
  Freeze(file->get());
  return file;
}

absl::Status AddBody(const ImageRequest& request, const std::optional<ProcessContext>& server,
                     Prepared& prepared) {
  ServerConnection::Question& question = prepared.question;
  const std::vector<std::string>* const named = request.setup.environment;
  std::string environment;
  if (named != nullptr) environment = EnvironmentBlock(*named);
  if (named == nullptr && server) environment = EnvironmentBlock();
  const bool same = server ? environment == server->environment : named == nullptr;
  if (same) environment.clear();
  if (!same) question.head.flags |= kHasEnvironment;
  question.head.payload_size = request.payload.size();
  question.head.environment_size = environment.size();
  const absl::string_view payload(reinterpret_cast<const char*>(request.payload.data()),
                                  request.payload.size());
  if (payload.size() + environment.size() > kMostInline) {
    absl::StatusOr<Handle> file = WriteFile(payload, environment);
    if (!file.ok()) return file.status();
    question.head.flags |= kHasFile;
    question.handles.push_back(static_cast<int>(file->get()));
    prepared.owned.push_back(*std::move(file));
    return absl::OkStatus();
  }
  question.body = request.payload;
  if (environment.empty()) return absl::OkStatus();
  prepared.bytes.assign(payload);
  prepared.bytes += environment;
  question.body = {reinterpret_cast<const std::byte*>(prepared.bytes.data()), prepared.bytes.size()};
  return absl::OkStatus();
}

}  // namespace

absl::Status Prepare(const ImageRequest& request, const std::optional<ProcessContext>& server,
                     Prepared& prepared) {
  ServerConnection::Question& question = prepared.question;
  question.handles.reserve(8 + request.attached.size());
  prepared.child.slot_head = request.slot->head();
  SlotWordsOf(request.slot->head()).parent = static_cast<uint32_t>(getpid());
  AddStreams(request.setup.streams, question);
  absl::StatusOr<LifelineReader> lifeline = OpenLifeline();
  if (!lifeline.ok()) return lifeline.status();
  prepared.child.lifeline = *std::move(lifeline);
  question.handles.push_back(static_cast<int>(request.slot->handle()));
  question.handles.push_back(static_cast<int>(prepared.child.lifeline.reader.get()));
  if (absl::Status added = AddEndOfChild(prepared); !added.ok()) return added;
  if (absl::Status added = AddDirectory(request.setup.working_directory, server, prepared); !added.ok()) {
    return added;
  }
  if (absl::Status added = AddBody(request, server, prepared); !added.ok()) return added;
  for (NativeHandle handle : request.attached) question.handles.push_back(static_cast<int>(handle));
  return absl::OkStatus();
}

}  // namespace progeny::platform
