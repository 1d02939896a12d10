// Tests in children of their own, whose limits can be lowered for good.
#ifndef PROGENY_TESTS_SUPPORT_POSIX_LIMITED_H_
#define PROGENY_TESTS_SUPPORT_POSIX_LIMITED_H_

#include <sys/resource.h>

#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny::tests {

class EveryMethodApart : public EveryMethod {
 protected:
  // In a forked child, which is to return 0.
  template <class Body>
  void RunApart(Body body) {
    absl::StatusOr<Process> child = Process::Fork(body);
    ASSERT_OK(child);
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    if (!end.ok()) (void)child->Kill();
    ASSERT_OK(end);
    EXPECT_EQ(end->ToString(), "exit code 0") << child->failure();
  }
};

inline void Limit(int resource, rlim_t value) {
  const rlimit limit{value, value};
  setrlimit(static_cast<decltype(RLIMIT_NOFILE)>(resource), &limit);
}

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_POSIX_LIMITED_H_
