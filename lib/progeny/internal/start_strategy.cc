#include "progeny/internal/start_strategy.h"

#include "absl/strings/str_cat.h"
#include "platform/capabilities.h"

namespace progeny {
namespace internal {
namespace {

absl::Status Missing(StartMethod method) {
  std::string message = absl::StrCat("start method '", Name(method), "' does not exist on ",
                                     platform::Capabilities().os, "; use one of:");
  for (StartMethod available : AvailableStartMethods()) absl::StrAppend(&message, " ", Name(available));
  return absl::UnimplementedError(message);
}

}  // namespace

absl::StatusOr<const StartStrategy*> StrategyFor(StartMethod method) {
  const platform::CapabilityFacts& facts = platform::Capabilities();
  if (method == StartMethod::kFork && facts.fork) return &ForkStrategy();
  if (method == StartMethod::kSpawn && facts.relaunch) return &SpawnStrategy();
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
