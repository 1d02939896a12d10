#include "platform/fork_risks.h"

#include <fcntl.h>
#include <libproc.h>
#include <mach-o/dyld.h>
#include <mach/mach.h>
#include <pthread.h>
#include <sys/param.h>
#include <unistd.h>

#include "platform/fork_child.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {

bool HasOtherThreads() { return pthread_is_threaded_np() != 0 && !OtherThreads().empty(); }

std::vector<std::string> LoadedLibraries() {
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < _dyld_image_count(); ++i) {
    const char* const path = _dyld_get_image_name(i);
    if (path != nullptr) paths.emplace_back(path);
  }
  return paths;
}

std::vector<std::string> UnflushedStreams() { return StreamsWithOutput(!HasOtherThreads()); }

std::vector<OpenDescriptor> DescriptorsKeptOverExec() {
  std::vector<OpenDescriptor> kept;
  const int room = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, nullptr, 0);
  if (room <= 0) return kept;
  // Some more, for those that other threads open meanwhile.
  std::vector<proc_fdinfo> open(static_cast<size_t>(room) / sizeof(proc_fdinfo) + 16);
  const int bytes = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, open.data(),
                                 static_cast<int>(open.size() * sizeof(proc_fdinfo)));
  for (size_t i = 0; bytes > 0 && i < static_cast<size_t>(bytes) / sizeof(proc_fdinfo); ++i) {
    const int number = open[i].proc_fd;
    const int flags = number > STDERR_FILENO ? fcntl(number, F_GETFD) : -1;
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) continue;
    char path[MAXPATHLEN] = "";
    if (fcntl(number, F_GETPATH, path) != 0) path[0] = '\0';
    kept.push_back({number, path});
  }
  return kept;
}

// The kernel copies no page tables at a fork: it marks the memory and faults it in again.
ForkedMemory MemoryBeforeFork() {
  ForkedMemory memory;
  mach_task_basic_info_data_t info{};
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
  if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info),
                &count) == KERN_SUCCESS) {
    memory.resident = static_cast<int64_t>(info.resident_size);
  }
  return memory;
}

}  // namespace progeny::platform
