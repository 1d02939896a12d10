#include <mach/mach.h>
#include <pthread.h>

#include <cstring>

#include "platform/fork_child.h"
#include "platform/macos/lifeline_thread.h"

namespace progeny::platform {
namespace {

// Only a thread itself can set its name.
constexpr char kOwnThread[] = "progeny";

// Empty if it has none, or has ended meanwhile.
std::string NameOf(thread_act_t thread) {
  thread_extended_info_data_t info{};
  mach_msg_type_number_t count = THREAD_EXTENDED_INFO_COUNT;
  const kern_return_t result = thread_info(thread, THREAD_EXTENDED_INFO,
                                           reinterpret_cast<thread_info_t>(&info), &count);
  if (result != KERN_SUCCESS) return "";
  return std::string(info.pth_name, strnlen(info.pth_name, sizeof info.pth_name));
}

}  // namespace

void NoteThreadWork(ThreadWork work) {
  pthread_setname_np(work == ThreadWork::kOwn ? kOwnThread : "");
}

std::vector<std::string> OtherThreads() {
  std::vector<std::string> names;
  thread_act_array_t threads = nullptr;
  mach_msg_type_number_t count = 0;
  if (task_threads(mach_task_self(), &threads, &count) != KERN_SUCCESS) return names;
  const thread_act_t self = pthread_mach_thread_np(pthread_self());
  for (mach_msg_type_number_t i = 0; i < count; ++i) {
    if (threads[i] != self) {
      std::string name = NameOf(threads[i]);
      if (name != kLifelineThread && name != kOwnThread) names.push_back(name.empty() ? "(unnamed)" : std::move(name));
    }
    mach_port_deallocate(mach_task_self(), threads[i]);
  }
  vm_deallocate(mach_task_self(), reinterpret_cast<vm_address_t>(threads),
                count * sizeof(thread_act_t));
  return names;
}

}  // namespace progeny::platform
