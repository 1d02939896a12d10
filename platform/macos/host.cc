#include "platform/host.h"

#include <sys/sysctl.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace progeny::platform {

int UsableCpus() {
  return std::max(1, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
}

std::string OsName() {
  char version[64] = {};
  size_t size = sizeof version - 1;
  if (sysctlbyname("kern.osproductversion", version, &size, nullptr, 0) != 0) return "macOS";
  return absl::StrCat("macOS ", version);
}

}  // namespace progeny::platform
