// Tests of children that die of a fault and report it.
#ifndef PROGENY_TESTS_SUPPORT_CRASH_CASE_H_
#define PROGENY_TESTS_SUPPORT_CRASH_CASE_H_

#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"

namespace progeny::tests {

class EveryMethodReporting : public EveryMethod {
 protected:
  void SetUp() override {
    EveryMethod::SetUp();
    if (kSanitized) GTEST_SKIP() << "a sanitizer keeps these signals to itself";
  }
  ProcessOptions Reporting() const {
    ProcessOptions options = Options();
    options.crash_reports = CrashReports::kOn;
    return options;
  }
};

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_CRASH_CASE_H_
