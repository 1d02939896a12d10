// Runs a program as on a kernel that lacks some system calls: they say ENOSYS there.
//
//   without pidfd,memfd,close_range,clone3 -- PROGRAM ARGUMENTS...
//
// A filter stays with all that the program starts.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

const std::map<std::string, std::vector<int>> kFeatures = {
    {"pidfd", {SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pidfd_getfd}},
    {"memfd", {SYS_memfd_create}},
    {"close_range", {SYS_close_range}},
    {"clone3", {SYS_clone3}},
    {"clone_parent", {SYS_clone3}},
};

// What makes a child somebody else's: clone3 takes its flags in memory, where no filter sees them.
void HideCloneParent(std::vector<sock_filter>& filter) {
  constexpr unsigned kCloneParent = 0x00008000;
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kCloneParent, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

void Hide(int call, std::vector<sock_filter>& filter) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
}

bool Install(std::vector<sock_filter>& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || std::string(argv[2]) != "--") return 2;
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  std::istringstream names(argv[1]);
  for (std::string name; std::getline(names, name, ',');) {
    const auto feature = kFeatures.find(name);
    if (feature == kFeatures.end()) {
      std::fprintf(stderr, "without: no feature '%s'\n", name.c_str());
      return 2;
    }
    for (const int call : feature->second) Hide(call, filter);
    if (name == "clone_parent") HideCloneParent(filter);
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  if (!Install(filter)) {
    std::perror("without: seccomp");
    return 2;
  }
  std::printf("without %s:\n", argv[1]);
  std::fflush(stdout);
  execv(argv[3], argv + 3);
  std::perror(argv[3]);
  return 2;
}
