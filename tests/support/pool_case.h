// Tests of pools under every start method.
#ifndef PROGENY_TESTS_SUPPORT_POOL_CASE_H_
#define PROGENY_TESTS_SUPPORT_POOL_CASE_H_

#include "progeny/pool.h"
#include "support/leak_check.h"

namespace progeny::tests {

class EveryMethodPool : public EveryMethod {
 protected:
  PoolOptions Workers(int count) const {
    PoolOptions options;
    options.workers = count;
    options.process = Options();
    return options;
  }
};

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_POOL_CASE_H_
