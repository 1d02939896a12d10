// Paired measurements: in every round each contender runs once, in random order, so that what
// disturbs the machine disturbs all of them alike. Ratios are medians of the rounds' own ratios.
#ifndef PROGENY_BENCH_ROUNDS_H_
#define PROGENY_BENCH_ROUNDS_H_

#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace bench {

struct Contender {
  std::string name;
  std::function<void()> run = {};
  // Instead of `run`: takes the time itself, in seconds, as the work is done elsewhere.
  std::function<double()> timed = {};
};

// Not thread-safe. The first contender is the floor that the others are compared with.
class Rounds {
 public:
  explicit Rounds(std::vector<Contender> contenders);

  // Returns the seconds that contender `watched` took.
  double RunOne(size_t watched);

  size_t contenders() const { return contenders_.size(); }
  const std::string& name(size_t contender) const { return contenders_[contender].name; }
  double MedianMicroseconds(size_t contender) const;
  // Of contender's time / floor's time in the same round.
  double MedianRatio(size_t contender) const;

 private:
  std::vector<Contender> contenders_;
  std::vector<std::vector<double>> seconds_;  // [contender][round]
  std::vector<size_t> order_;
  std::mt19937 random_{20260101};
};

}  // namespace bench

#endif  // PROGENY_BENCH_ROUNDS_H_
