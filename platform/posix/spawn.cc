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
#include "platform/image.h"
#include "platform/posix/direct_spawn.h"
#include "platform/posix/spawn_only_named.h"

extern "C" char** environ;

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

// The descriptor that is to become `target`: a copy out of the way if it is that already (a dup2 to
// itself would leave it close-on-exec), or was overwritten by a move before this one. Later moves
// overwrite what lies above.
absl::StatusOr<int> OutOfTheWay(NativeHandle source, int target, int first_free,
                                std::vector<Handle>& moved) {
  if (source > target) return static_cast<int>(source);
  const int copy = fcntl(static_cast<int>(source), F_DUPFD_CLOEXEC, first_free);
  if (copy < 0) return LastOsError("pass a descriptor to the child", "");
  moved.emplace_back(copy);
  return copy;
}

// Which descriptor becomes which: streams first, then what is passed, then nothing else.
struct Moves {
  std::vector<DescriptorMove> list;
  std::vector<Handle> moved;
  int first_free = 0;
};

absl::StatusOr<Moves> PlanMoves(const SpawnRequest& request) {
  Moves moves;
  moves.first_free = kFirstPassedDescriptor + static_cast<int>(request.passed.size());
  moves.list.reserve(static_cast<size_t>(moves.first_free));
  const StandardStreams& streams = request.setup->streams;
  int target = 0;
  const auto add = [&](NativeHandle handle) {
    absl::StatusOr<int> source = OutOfTheWay(handle, target, moves.first_free, moves.moved);
    if (source.ok()) moves.list.push_back({*source, target++});
    return source.status();
  };
  for (NativeHandle stream : {streams.in, streams.out, streams.err}) {
    if (stream == kNoHandle) {
      ++target;
    } else if (absl::Status added = add(stream); !added.ok()) {
      return added;
    }
  }
  for (NativeHandle handle : request.passed) {
    if (absl::Status added = add(handle); !added.ok()) return added;
  }
  return moves;
}

// One errno for all of the steps: this finds out which one it was.
absl::Status SpawnError(int error, const SpawnRequest& request) {
  const std::string& directory = request.setup->working_directory;
  const std::string shown_path = request.shown_path.empty() ? ProgramPath() : request.shown_path;
  if (error == EAGAIN) {
    return absl::ResourceExhaustedError(
        absl::StrCat(OsError(error, "start program", shown_path).message(),
                     "; raise the limit of processes (RLIMIT_NPROC, pids.max) or start fewer"));
  }
  struct stat info {};
  if (!directory.empty() && (stat(directory.c_str(), &info) != 0 || access(directory.c_str(), X_OK) != 0)) {
    return LastOsError("change to the child's working directory", directory);
  }
  if (!directory.empty() && !S_ISDIR(info.st_mode)) {
    return OsError(ENOTDIR, "change to the child's working directory", directory);
  }
  return OsError(error, "start program", shown_path);
}

std::vector<char*> Pointers(absl::Span<const std::string> strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& s : strings) pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Strings {
  char** arguments;
  char** environment;
};

DirectSpawn DirectPlan(const SpawnRequest& request, const Moves& moves, const Strings& strings) {
  DirectSpawn plan;
  plan.path = request.path.c_str();
  plan.arguments = strings.arguments;
  plan.environment = strings.environment;
  const std::string& directory = request.setup->working_directory;
  if (!directory.empty()) plan.directory = directory.c_str();
  plan.moves = moves.list.data();
  plan.move_count = moves.list.size();
  plan.first_closed = moves.first_free;
  plan.lifeline = static_cast<int>(request.lifeline);
  if (request.slot != nullptr) plan.bound = &request.slot->bound;
  return plan;
}

absl::Status Describe(const SpawnRequest& request, const Moves& moves, FileActions& actions) {
  const StandardStreams& streams = request.setup->streams;
  int target = 0;
  for (NativeHandle stream : {streams.in, streams.out, streams.err}) {
    if (stream == kNoHandle) InheritStream(actions.get(), target);
    ++target;
  }
  for (const DescriptorMove& move : moves.list) {
    const int error = posix_spawn_file_actions_adddup2(actions.get(), move.from, move.to);
    if (error != 0) return OsError(error, "pass a descriptor to the child", "");
  }
  CloseTheRest(actions.get(), moves.first_free);
  if (!request.setup->working_directory.empty()) {
    posix_spawn_file_actions_addchdir_np(actions.get(), request.setup->working_directory.c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<pid_t> SpawnByLibrary(const SpawnRequest& request, const Moves& moves,
                                     const Strings& strings) {
  FileActions actions;
  if (absl::Status status = Describe(request, moves, actions); !status.ok()) return status;
  const Attributes attributes;
  pid_t pid = -1;
  const int error = posix_spawn(&pid, request.path.c_str(), actions.get(), attributes.get(),
                                strings.arguments, strings.environment);
  if (error != 0) return SpawnError(error, request);
  return pid;
}

}  // namespace

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

absl::StatusOr<pid_t> Spawn(const SpawnRequest& request) {
  const absl::StatusOr<Moves> moves = PlanMoves(request);
  if (!moves.ok()) return moves.status();
  std::vector<char*> arguments = Pointers(request.arguments);
  std::vector<char*> environment;
  if (request.setup->environment != nullptr) environment = Pointers(*request.setup->environment);
  const Strings strings{arguments.data(),
                        request.setup->environment != nullptr ? environment.data() : environ};
  const DirectResult direct = SpawnDirectly(DirectPlan(request, *moves, strings));
  if (direct.error == ENOSYS) return SpawnByLibrary(request, *moves, strings);
  if (direct.error != 0) return SpawnError(direct.error, request);
  return direct.pid;
}

}  // namespace progeny::platform
