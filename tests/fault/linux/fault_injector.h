// One system call of a thread, or of the processes it starts, fails where the kernel would have
// done its work.
//
// A seccomp filter hands each call of interest to a second thread, which lets all pass but one
// (seccomp_unotify(2), Linux 5.5). The filter stays for the thread's life, so this is for processes
// that a test makes for the purpose.
#ifndef PROGENY_TESTS_FAULT_LINUX_FAULT_INJECTOR_H_
#define PROGENY_TESTS_FAULT_LINUX_FAULT_INJECTOR_H_

#include <sys/types.h>

#include <atomic>
#include <string>
#include <thread>

namespace progeny::tests {

struct FaultPlan {
  int nth = 0;  // which of the calls, counted from 0 over all processes
  int variant =
      0;  // which of the errors that its manual page lists; the call passes if it has fewer
};

class FaultInjector {
 public:
  explicit FaultInjector(FaultPlan plan) : plan_(plan) {}
  FaultInjector(const FaultInjector&) = delete;
  FaultInjector& operator=(const FaultInjector&) = delete;
  // The thread that decides has to stay as long as anybody is filtered: until the process ends.
  ~FaultInjector() = delete;

  // Filters the calling thread. False, with the reason on stderr, where the kernel can't do it.
  bool Install();
  // Before and after, every call passes.
  void Arm() { armed_ = true; }
  void Disarm() { armed_ = false; }

  bool reached() const { return seen_ > plan_.nth; }
  // "mmap: Cannot allocate memory, in the process that starts"; empty when none has failed.
  std::string fault() const;

 private:
  void Decide();
  int ErrorFor(int call, const unsigned long long* arguments, pid_t pid);

  const FaultPlan plan_;
  pid_t starter_ = 0;
  std::atomic<int> listener_{-1};
  std::atomic<bool> armed_{false};
  std::atomic<int> seen_{0};
  std::atomic<int> failed_call_{-1};
  std::atomic<int> failed_error_{0};
  std::atomic<bool> in_starter_{false};
  std::thread decider_;
};

// How many variants the call with the most errors has.
int MostVariants();

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_FAULT_LINUX_FAULT_INJECTOR_H_
