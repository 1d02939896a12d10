#include "platform/posix/limit_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <limits>

#include "absl/strings/str_cat.h"

namespace progeny::platform {
namespace {

struct Limit {
  const char* name;
  int resource;
  MachineFact::Unit unit;
  rlim_t low;  // below this it bites
  const char* warning;
};

constexpr rlim_t kAnyLimit = std::numeric_limits<rlim_t>::max();

constexpr Limit kLimits[] = {
    {"RLIMIT_NPROC", RLIMIT_NPROC, MachineFact::Unit::kCount, 512,
     "all processes and threads of this user count: starts fail with ResourceExhausted; ulimit -u"},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE, MachineFact::Unit::kCount, 1024,
     "each child takes some three descriptors of its parent, more with pipes; ulimit -n"},
    {"RLIMIT_AS", RLIMIT_AS, MachineFact::Unit::kBytes, kAnyLimit,
     "address space is limited: reservations and shared memory fail long before memory is full; "
     "ulimit -v"},
    {"RLIMIT_DATA", RLIMIT_DATA, MachineFact::Unit::kBytes, kAnyLimit,
     "private memory is limited, and a forked child's copy counts too; ulimit -d"},
    {"RLIMIT_STACK", RLIMIT_STACK, MachineFact::Unit::kBytes, 1 << 20,
     "stacks are small; ulimit -s"},
    {"RLIMIT_CORE", RLIMIT_CORE, MachineFact::Unit::kBytes, 0, ""},
};

bool Bites(const Limit& limit, rlim_t value) {
  if (value == RLIM_INFINITY) return false;
  // The superuser's processes are not counted.
  if (limit.resource == RLIMIT_NPROC && geteuid() == 0) return false;
  return value < limit.low;
}

}  // namespace

void AddLimitFacts(std::vector<MachineFact>& facts) {
  for (const Limit& limit : kLimits) {
    rlimit value{};
    if (getrlimit(static_cast<decltype(RLIMIT_AS)>(limit.resource), &value) != 0) continue;
    MachineFact& fact = facts.emplace_back();
    fact.topic = "limits";
    fact.name = limit.name;
    fact.unit = limit.unit;
    if (value.rlim_cur == RLIM_INFINITY) {
      fact.value = "unlimited";
    } else {
      fact.number = static_cast<int64_t>(value.rlim_cur);
    }
    if (Bites(limit, value.rlim_cur)) fact.warning = limit.warning;
  }
}

}  // namespace progeny::platform
