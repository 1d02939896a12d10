#include "platform/machine.h"

#include <sys/sysctl.h>

#include "platform/posix/limit_facts.h"

namespace progeny::platform {
namespace {

void AddNumber(std::vector<MachineFact>& facts, const char* topic, const char* name) {
  int number = 0;
  size_t size = sizeof number;
  if (sysctlbyname(name, &number, &size, nullptr, 0) != 0 || size != sizeof number) return;
  MachineFact& fact = facts.emplace_back();
  fact.topic = topic;
  fact.name = name;
  fact.number = number;
  fact.unit = MachineFact::Unit::kCount;
}

}  // namespace

std::vector<MachineFact> MachineFacts() {
  std::vector<MachineFact> facts;
  AddLimitFacts(facts);
  AddNumber(facts, "limits", "kern.maxproc");
  AddNumber(facts, "limits", "kern.maxprocperuid");
  AddNumber(facts, "limits", "kern.maxfilesperproc");
  AddNumber(facts, "cpu", "hw.ncpu");
  return facts;
}

}  // namespace progeny::platform
