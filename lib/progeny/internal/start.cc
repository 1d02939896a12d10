// From options to a running child: what is wrong with them is told before anything exists.
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "platform/environment.h"
#include "platform/launch.h"
#include "platform/pipe.h"
#include "platform/resource_limits.h"
#include "progeny/internal/child.h"
#include "progeny/internal/fork_policy.h"
#include "progeny/internal/fork_servers.h"
#include "progeny/internal/start_strategy.h"
#include "progeny/process.h"

namespace progeny::detail {
namespace {

// What the child's side of the streams holds open until it has been started.
struct OpenedStreams {
  std::vector<platform::Handle> child_ends;
  platform::StandardStreams streams;
  StreamEnds parent_ends;
};

absl::Status InField(absl::string_view field, const absl::Status& status) {
  absl::Status named(status.code(), absl::StrCat(field, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& cord) { named.SetPayload(url, cord); });
  return named;
}

absl::StatusOr<platform::Handle> OpenFileFor(const Stdio& stdio, bool for_input) {
  if (stdio.kind() == Stdio::Kind::kNull) return platform::OpenNullDevice();
  if (for_input) return platform::OpenFile(stdio.path(), platform::FileUse::kRead);
  return platform::OpenFile(stdio.path(), stdio.mode() == Stdio::kAppend
                                              ? platform::FileUse::kAppend
                                              : platform::FileUse::kTruncate);
}

struct StreamPlace {
  absl::string_view field;
  const Stdio* stdio;
  platform::NativeHandle* child;
  std::shared_ptr<StreamEnd>* parent;
};

absl::Status OpenStream(const StreamPlace& place, OpenedStreams& opened) {
  const bool for_input = place.field == "in";
  if (place.stdio->kind() == Stdio::Kind::kInherit) return absl::OkStatus();
  if (place.stdio->kind() == Stdio::Kind::kPipe) {
    auto pipe = platform::CreateStreamPipe(for_input ? platform::PipeDirection::kParentWrites
                                                     : platform::PipeDirection::kParentReads);
    if (!pipe.ok()) return InField(place.field, pipe.status());
    *place.parent = std::make_shared<StreamEnd>(std::move(pipe->parent));
    opened.child_ends.push_back(std::move(pipe->child));
  } else {
    absl::StatusOr<platform::Handle> file = OpenFileFor(*place.stdio, for_input);
    if (!file.ok()) return InField(place.field, file.status());
    opened.child_ends.push_back(*std::move(file));
  }
  *place.child = opened.child_ends.back().get();
  return absl::OkStatus();
}

bool SameFile(const Stdio& a, const Stdio& b) {
  return a.kind() == Stdio::Kind::kFile && b.kind() == Stdio::Kind::kFile && a.path() == b.path();
}

absl::Status OpenStreams(const ProcessOptions& options, OpenedStreams& opened) {
  platform::StandardStreams& streams = opened.streams;
  StreamEnds& ends = opened.parent_ends;
  const StreamPlace in{"in", &options.in, &streams.in, &ends.in};
  const StreamPlace out{"out", &options.out, &streams.out, &ends.out};
  const StreamPlace err{"err", &options.err, &streams.err, &ends.err};
  if (absl::Status status = OpenStream(in, opened); !status.ok()) return status;
  if (absl::Status status = OpenStream(out, opened); !status.ok()) return status;
  if (!SameFile(options.out, options.err)) return OpenStream(err, opened);
  streams.err = streams.out;
  return absl::OkStatus();
}

platform::ResourceLimits SeamLimits(const ResourceLimits& limits) {
  return {limits.address_space, limits.cpu_seconds, limits.open_files, limits.core_size};
}

absl::Status CheckExistingDirectory(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  std::error_code error;
  const std::filesystem::file_status status =
      std::filesystem::status(std::filesystem::path(std::u8string(path.begin(), path.end())), error);
  if (!std::filesystem::exists(status)) {
    return absl::NotFoundError(absl::StrCat("working_directory: '", path, "' does not exist"));
  }
  if (std::filesystem::is_directory(status)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("working_directory: '", path, "' is no directory"));
}

absl::Status Check(const ProcessOptions& options) {
  if (absl::Status ladder = internal::CheckLadder(options); !ladder.ok()) return ladder;
  for (const std::string* text : {&options.name, &options.working_directory, &options.executable}) {
    if (text->find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("name, working_directory or executable holds a NUL byte");
    }
  }
  if (absl::Status limits = platform::CheckResourceLimits(SeamLimits(options.limits)); !limits.ok()) {
    return limits;
  }
  return CheckExistingDirectory(options.working_directory);
}

bool ReportsCrashes(const ProcessOptions& options) {
  if (options.crash_reports != CrashReports::kAutomatic) return options.crash_reports == CrashReports::kOn;
  return options.start_method != StartMethod::kFork;
}

std::vector<platform::EnvironmentChange> SeamChanges(const Environment& environment) {
  using From = Environment::Change::Kind;
  using To = platform::EnvironmentChange::Kind;
  std::vector<platform::EnvironmentChange> changes;
  for (const Environment::Change& change : environment.changes) {
    const To kind = change.kind == From::kSet     ? To::kSet
                    : change.kind == From::kUnset ? To::kUnset
                                                  : To::kClear;
    changes.push_back({kind, change.name, change.value});
  }
  return changes;
}

absl::StatusOr<std::shared_ptr<Child>> StartBy(const internal::StartStrategy& strategy,
                                               ProcessOptions options, Task& task) {
  internal::StartRequest request;
  OpenedStreams streams;
  if (absl::Status opened = OpenStreams(options, streams); !opened.ok()) return opened;
  request.setup.streams = streams.streams;
  request.setup.working_directory = options.working_directory;
  request.limits = SeamLimits(options.limits);
  request.executable = options.executable;
  request.reports_crashes = ReportsCrashes(options);
  const auto environment = internal::ChangedEnvironment(options.environment);
  if (!environment.ok()) return environment.status();
  if (*environment) request.setup.environment = &**environment;
  absl::StatusOr<internal::Slot> slot = options.start_method == StartMethod::kForkServer ? internal::TakeSlot()
                                                                                         : internal::Slot::Create();
  if (!slot.ok()) return slot.status();
  request.slot = &*slot;
  request.task = &task;
  for (const auto& end : {streams.parent_ends.in, streams.parent_ends.out, streams.parent_ends.err}) {
    if (end != nullptr) request.parent_ends.push_back(end);
  }
  request.identity = internal::NextChildIdentity(options.name, options.start_method);

  absl::StatusOr<platform::ChildHandle> handle = strategy.Start(request);
  if (!handle.ok()) {
    if (options.start_method == StartMethod::kForkServer) internal::GiveBackSlot(*std::move(slot));  // no child has it
    return InField(absl::StrCat("start '", request.identity.name, "' by ", Name(options.start_method)),
                   handle.status());
  }
  auto child = std::make_shared<Child>(
      *std::move(handle), *std::move(slot),
      Child::Parts{request.identity.name, options.start_method, internal::LadderOf(options),
                   options.daemon, std::move(streams.parent_ends)});
  Register(child);
  return child;
}

}  // namespace

absl::StatusOr<std::shared_ptr<Child>> StartChild(ProcessOptions options, Task& task) {
  absl::StatusOr<const internal::StartStrategy*> strategy = internal::CheckedStrategy(options);
  if (!strategy.ok()) return strategy.status();
  return StartBy(**strategy, std::move(options), task);
}

absl::StatusOr<std::shared_ptr<Child>> ForkChild(ProcessOptions options, Task& task) {
  options.start_method = StartMethod::kFork;
  return StartChild(std::move(options), task);
}

}  // namespace progeny::detail

namespace progeny::internal {

absl::StatusOr<const StartStrategy*> CheckedStrategy(const ProcessOptions& options) {
  if (absl::Status taken = CheckHandOverTaken(); !taken.ok()) return taken;
  if (absl::Status checked = detail::Check(options); !checked.ok()) return checked;
  absl::StatusOr<const StartStrategy*> strategy = StrategyFor(options.start_method);
  if (strategy.ok() && options.start_method == StartMethod::kFork) {
    if (absl::Status safe = CheckForkSafety(options); !safe.ok()) return safe;
  }
  return strategy;
}

absl::StatusOr<std::shared_ptr<detail::Child>> StartChildBy(const StartStrategy& strategy, ProcessOptions options,
                                                            detail::Task& task) {
  return detail::StartBy(strategy, std::move(options), task);
}

absl::StatusOr<std::optional<std::vector<std::string>>> ChangedEnvironment(const Environment& changes) {
  if (changes.changes.empty()) return std::nullopt;
  absl::StatusOr<std::vector<std::string>> changed = platform::EnvironmentWith(detail::SeamChanges(changes));
  if (!changed.ok()) return changed.status();
  return *std::move(changed);
}

}  // namespace progeny::internal
