// Two views. Of any process of this user, libproc tells the resident size. Pages can be looked at
// only with the task's port, which a process has of itself; asking for another one's needs root or
// an entitlement and may open a dialog, so it isn't tried.
#include "platform/memory_usage.h"

#include <libproc.h>
#include <mach/mach.h>
#include <mach/mach_error.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"

// <mach/mach_vm.h> is not in every SDK that cross compilers carry.
extern "C" kern_return_t mach_vm_region(vm_map_read_t task, mach_vm_address_t* address,
                                        mach_vm_size_t* size, vm_region_flavor_t flavor,
                                        vm_region_info_t info, mach_msg_type_number_t* count,
                                        mach_port_t* object_name);

namespace progeny::platform {
namespace {

constexpr char kReadUsage[] = "read memory usage of process";

absl::Status MachError(kern_return_t code, absl::string_view operation) {
  return absl::InternalError(absl::StrCat(operation, ": ", mach_error_string(code)));
}

struct Region {
  mach_vm_address_t address = 0;
  mach_vm_size_t size = 0;

  template <class Info>
  bool Query(vm_region_flavor_t flavor, Info* info) {
    mach_msg_type_number_t count = sizeof(Info) / sizeof(natural_t);
    mach_port_t no_port = MACH_PORT_NULL;
    return mach_vm_region(mach_task_self(), &address, &size, flavor,
                          reinterpret_cast<vm_region_info_t>(info), &count,
                          &no_port) == KERN_SUCCESS;
  }
};

// Resident pages that no other process sees, and those of them that were written. The kernel
// counts the written ones of a whole region, shared or not, so the smaller number is the bound.
void AddPrivatePages(MemoryUsage& usage) {
  int64_t unique = 0;
  int64_t copied = 0;
  Region region;
  vm_region_top_info_data_t top;
  while (region.Query(VM_REGION_TOP_INFO, &top)) {
    unique += top.private_pages_resident;
    Region same = region;
    vm_region_extended_info_data_t pages;
    if (same.Query(VM_REGION_EXTENDED_INFO, &pages) && same.address == region.address) {
      copied += std::min(pages.pages_dirtied, top.private_pages_resident);
    }
    region.address += region.size;
  }
  usage.unique = unique * getpagesize();
  usage.copied = copied * getpagesize();
  if (usage.resident.has_value()) {
    usage.shared = std::max<int64_t>(0, *usage.resident - *usage.unique);
  }
}

absl::StatusOr<MemoryUsage> OfThisProcess() {
  task_vm_info_data_t info;
  mach_msg_type_number_t count = TASK_VM_INFO_COUNT;
  const kern_return_t result =
      task_info(mach_task_self(), TASK_VM_INFO, reinterpret_cast<task_info_t>(&info), &count);
  if (result != KERN_SUCCESS) return MachError(result, "read memory usage of this process");
  MemoryUsage usage;
  usage.resident = static_cast<int64_t>(info.resident_size);
  usage.swapped = static_cast<int64_t>(info.compressed);
  AddPrivatePages(usage);
  return usage;
}

absl::Status QueryFailed(int error, int64_t process_id) {
  if (error == ESRCH) {
    return absl::NotFoundError(
        absl::StrCat(kReadUsage, " ", process_id, ": no such process, or it has ended"));
  }
  const absl::Status status = OsError(error, kReadUsage, absl::StrCat(process_id));
  if (!absl::IsPermissionDenied(status)) return status;
  return WithNextStep(status, "ask as the user it runs as, or as root");
}

}  // namespace

absl::StatusOr<MemoryUsage> GetMemoryUsage(int64_t process_id) {
  if (process_id <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("read memory usage: process id ", process_id, " is not positive"));
  }
  if (process_id > std::numeric_limits<pid_t>::max()) return QueryFailed(ESRCH, process_id);
  if (process_id == getpid()) return OfThisProcess();
  proc_taskinfo info;
  const int bytes =
      proc_pidinfo(static_cast<pid_t>(process_id), PROC_PIDTASKINFO, 0, &info, sizeof info);
  if (bytes <= 0) return QueryFailed(errno, process_id);
  MemoryUsage usage;
  usage.resident = static_cast<int64_t>(info.pti_resident_size);
  return usage;
}

absl::StatusOr<SystemMemory> GetSystemMemory() {
  uint64_t total = 0;
  size_t size = sizeof total;
  if (sysctlbyname("hw.memsize", &total, &size, nullptr, 0) != 0) {
    return LastOsError("read the system's memory", "hw.memsize");
  }
  vm_statistics64_data_t pages;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  const mach_port_t host = mach_host_self();
  const kern_return_t result =
      host_statistics64(host, HOST_VM_INFO64, reinterpret_cast<host_info64_t>(&pages), &count);
  mach_port_deallocate(mach_task_self(), host);
  if (result != KERN_SUCCESS) return MachError(result, "read the system's memory");
  // Speculative pages are both in free_count and file-backed: counted once. What remains is what
  // Activity Monitor does not call "used".
  const int64_t available = int64_t{pages.free_count} - pages.speculative_count +
                            pages.external_page_count + pages.purgeable_count;
  return SystemMemory{.total = static_cast<int64_t>(total),
                      .available = std::max<int64_t>(0, available) * getpagesize()};
}

}  // namespace progeny::platform
