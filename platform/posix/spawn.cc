#include "platform/posix/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/posix/spawn_only_named.h"

extern char** environ;

namespace progeny::platform {
namespace {

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | kOnlyNamedFlag);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Descriptors that a dup2 on the way could overwrite before they are used, moved out of its way.
absl::StatusOr<NativeHandle> OutOfTheWay(NativeHandle source, int first_free,
                                         std::vector<Handle>& moved) {
  if (source >= first_free) return source;
  const int copy = fcntl(static_cast<int>(source), F_DUPFD_CLOEXEC, first_free);
  if (copy < 0) return LastOsError("pass a descriptor to the child", "");
  moved.emplace_back(copy);
  return copy;
}

// Streams first, then what is passed, then nothing else.
absl::Status Describe(const SpawnRequest& request, std::vector<Handle>& moved,
                      posix_spawn_file_actions_t* actions) {
  const int first_free = kFirstPassedDescriptor + static_cast<int>(request.passed.size());
  const StandardStreams& streams = request.setup->streams;
  int target = 0;
  for (NativeHandle stream : {streams.in, streams.out, streams.err}) {
    if (stream == kNoHandle) {
      InheritStream(actions, target);
    } else {
      absl::StatusOr<NativeHandle> source = OutOfTheWay(stream, first_free, moved);
      if (!source.ok()) return source.status();
      posix_spawn_file_actions_adddup2(actions, static_cast<int>(*source), target);
    }
    ++target;
  }
  for (NativeHandle handle : request.passed) {
    absl::StatusOr<NativeHandle> source = OutOfTheWay(handle, first_free, moved);
    if (!source.ok()) return source.status();
    const int error = posix_spawn_file_actions_adddup2(actions, static_cast<int>(*source), target++);
    if (error != 0) return OsError(error, "pass a descriptor to the child", "");
  }
  CloseTheRest(actions, first_free);
  if (!request.setup->working_directory.empty()) {
    posix_spawn_file_actions_addchdir_np(actions, request.setup->working_directory.c_str());
  }
  return absl::OkStatus();
}

// posix_spawn tells one errno for all of its steps: this finds out which one it was.
absl::Status SpawnError(int error, const SpawnRequest& request) {
  const std::string& directory = request.setup->working_directory;
  if (error == EAGAIN) {
    return absl::ResourceExhaustedError(
        absl::StrCat(OsError(error, "start program", request.shown_path).message(),
                     "; raise the limit of processes (RLIMIT_NPROC, pids.max) or start fewer"));
  }
  struct stat info {};
  if (!directory.empty() && (stat(directory.c_str(), &info) != 0 || access(directory.c_str(), X_OK) != 0)) {
    return LastOsError("change to the child's working directory", directory);
  }
  if (!directory.empty() && !S_ISDIR(info.st_mode)) {
    return OsError(ENOTDIR, "change to the child's working directory", directory);
  }
  return OsError(error, "start program", request.shown_path);
}

std::vector<char*> Pointers(absl::Span<const std::string> strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

absl::StatusOr<pid_t> Spawn(const SpawnRequest& request) {
  FileActions actions;
  std::vector<Handle> moved;
  if (absl::Status status = Describe(request, moved, actions.get()); !status.ok()) return status;
  const Attributes attributes;
  std::vector<char*> arguments = Pointers(request.arguments);
  std::vector<char*> environment;
  if (request.setup->environment != nullptr) environment = Pointers(*request.setup->environment);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, request.path.c_str(), actions.get(), attributes.get(), arguments.data(),
                  request.setup->environment != nullptr ? environment.data() : environ);
  if (error != 0) return SpawnError(error, request);
  return pid;
}

}  // namespace progeny::platform
