// The running program: its path, and a mark on it.
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "platform/image.h"

namespace progeny::platform {
namespace {

// The mark is a read-only page with this text and a tag of those that the system leaves to
// programs: every copy of progeny in the process finds it among the mappings, without an exported
// symbol or a variable in the environment of grandchildren. A forked child has it, an exec drops it.
constexpr char kGuardText[] = "progeny main guard 1";
constexpr int kGuardTag = 250;

// By a copy that the kernel makes: another thread may be unmapping what is looked at.
bool HoldsGuardText(vm_address_t address) {
  char text[sizeof kGuardText] = {};
  vm_size_t copied = 0;
  return vm_read_overwrite(mach_task_self(), address, sizeof text,
                           reinterpret_cast<vm_address_t>(text), &copied) == KERN_SUCCESS &&
         copied == sizeof text && std::memcmp(text, kGuardText, sizeof text) == 0;
}

bool FindGuardPage() {
  vm_address_t address = 0;
  vm_size_t size = 0;
  while (true) {
    natural_t depth = 0;
    vm_region_submap_short_info_data_64_t info{};
    mach_msg_type_number_t count = VM_REGION_SUBMAP_SHORT_INFO_COUNT_64;
    const kern_return_t result =
        vm_region_recurse_64(mach_task_self(), &address, &size, &depth,
                             reinterpret_cast<vm_region_recurse_info_t>(&info), &count);
    if (result != KERN_SUCCESS) return false;
    if (info.user_tag == kGuardTag && info.protection == VM_PROT_READ && HoldsGuardText(address)) {
      return true;
    }
    address += size;
  }
}

}  // namespace

std::string ProgramPath() {
  std::string path(1024, '\0');
  uint32_t size = static_cast<uint32_t>(path.size());
  if (_NSGetExecutablePath(path.data(), &size) != 0) {
    path.resize(size);  // told by the failed call
    if (_NSGetExecutablePath(path.data(), &size) != 0) return "(this program)";
  }
  path.resize(std::strlen(path.c_str()));
  return path;
}

void PublishGuard() {
  if (GuardPublished()) return;
  const size_t size = static_cast<size_t>(getpagesize());
  // The tag stands where a mapping of a file has its descriptor.
  void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON,
                    VM_MAKE_TAG(kGuardTag), 0);
  if (page == MAP_FAILED) return;
  std::memcpy(page, kGuardText, sizeof kGuardText);
  mprotect(page, size, PROT_READ);
}

bool GuardPublished() {
  static std::atomic<bool> seen{false};
  if (seen.load(std::memory_order_relaxed)) return true;
  if (!FindGuardPage()) return false;
  seen.store(true, std::memory_order_relaxed);
  return true;
}

}  // namespace progeny::platform
