#include "progeny/internal/start_strategy.h"

#include "absl/strings/str_cat.h"
#include "platform/capabilities.h"

namespace progeny {
namespace internal {
namespace {

std::string_view NoFork(StartMethod method) {
  return method == StartMethod::kSpawn || platform::Capabilities().fork ? "" : ", which has no fork";
}

absl::Status Missing(StartMethod method) {
  std::string message = absl::StrCat("start method '", Name(method), "' does not exist on ",
                                     platform::Capabilities().os, NoFork(method), "; use one of:");
  for (StartMethod available : AvailableStartMethods()) absl::StrAppend(&message, " ", Name(available));
  return absl::UnimplementedError(message);
}

}  // namespace

absl::Status CheckHandOverTaken() {
  if (!platform::HasHandOver() || GuardMet()) return absl::OkStatus();
  NoteStartWithoutGuard();
  return absl::FailedPreconditionError(
      "this process was started by progeny and has not reached its progeny::MainGuard: it can start "
      "no process; make the guard the first line of main");
}

absl::StatusOr<const StartStrategy*> StrategyFor(StartMethod method) {
  const platform::CapabilityFacts& facts = platform::Capabilities();
  if (method == StartMethod::kFork && facts.fork) return &ForkStrategy();
  if (method == StartMethod::kSpawn && facts.relaunch) return &SpawnStrategy();
  if (method == StartMethod::kForkServer && facts.fork_server) return &ForkServerStrategy();
  return Missing(method);
}

}  // namespace internal

StartMethod DefaultStartMethod() {
  return platform::Capabilities().fork_by_default ? StartMethod::kFork : StartMethod::kSpawn;
}

std::vector<StartMethod> AvailableStartMethods() {
  const platform::CapabilityFacts& facts = platform::Capabilities();
  std::vector<StartMethod> methods;
  if (facts.fork && facts.fork_by_default) methods.push_back(StartMethod::kFork);
  if (facts.relaunch) methods.push_back(StartMethod::kSpawn);
  if (facts.fork && !facts.fork_by_default) methods.push_back(StartMethod::kFork);
  if (facts.fork_server) methods.push_back(StartMethod::kForkServer);
  return methods;
}

std::string_view Name(StartMethod method) {
  switch (method) {
    case StartMethod::kFork:
      return "fork";
    case StartMethod::kSpawn:
      return "spawn";
    case StartMethod::kForkServer:
      return "forkserver";
  }
  return "unknown";
}

}  // namespace progeny
