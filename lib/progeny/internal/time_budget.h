// A share of the time that passes, to be spent on something that costs time.
#ifndef PROGENY_INTERNAL_TIME_BUDGET_H_
#define PROGENY_INTERNAL_TIME_BUDGET_H_

#include <algorithm>

#include "absl/time/time.h"

namespace progeny::internal {

// Spending makes a debt, which time pays off at the share; what isn't spent is saved up for ten
// seconds. So from the beginning on no more than the share is spent, the last spending aside. Not
// thread-safe.
class TimeBudget {
 public:
  explicit TimeBudget(double share) : share_(share) {}

  // How long until there is no debt; zero or less: spend now. `now` may start anywhere and goes on.
  absl::Duration UntilPaid(absl::Duration now) const { return DebtAt(now) / share_; }
  void Spend(absl::Duration now, absl::Duration cost) {
    debt_ = DebtAt(now) + cost;
    as_of_ = now;
  }

 private:
  static constexpr absl::Duration kSavedFor = absl::Seconds(10);

  absl::Duration DebtAt(absl::Duration now) const {
    return std::max(debt_ - (now - as_of_) * share_, -kSavedFor * share_);
  }

  double share_;
  absl::Duration debt_;
  absl::Duration as_of_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_TIME_BUDGET_H_
