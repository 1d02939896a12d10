#include "platform/mapped_regions.h"

#include <libproc.h>
#include <mach/mach.h>
#include <unistd.h>

#include <climits>

// <mach/mach_vm.h> is not in every SDK that cross compilers carry.
extern "C" kern_return_t mach_vm_region(vm_map_read_t task, mach_vm_address_t* address,
                                        mach_vm_size_t* size, vm_region_flavor_t flavor,
                                        vm_region_info_t info, mach_msg_type_number_t* count,
                                        mach_port_t* object_name);

namespace progeny::platform {

absl::StatusOr<std::vector<MappedRegion>> MappedRegions() {
  std::vector<MappedRegion> regions;
  mach_vm_address_t address = 0;
  mach_vm_size_t size = 0;
  while (true) {
    vm_region_basic_info_data_64_t info;
    mach_msg_type_number_t count = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t no_port = MACH_PORT_NULL;
    const kern_return_t result =
        mach_vm_region(mach_task_self(), &address, &size, VM_REGION_BASIC_INFO_64,
                       reinterpret_cast<vm_region_info_t>(&info), &count, &no_port);
    if (result != KERN_SUCCESS) return regions;  // behind the last one
    if ((info.protection & VM_PROT_READ) != 0) {
      char path[PATH_MAX] = "";
      const int length = proc_regionfilename(getpid(), address, path, sizeof path);
      regions.push_back({address, address + size,
                         length > 0 ? std::string(path, static_cast<size_t>(length)) : "memory of no file"});
    }
    address += size;
  }
}

}  // namespace progeny::platform
