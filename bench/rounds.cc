#include "rounds.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace bench {
namespace {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double SecondsOf(const Contender& contender) {
  if (contender.timed) return contender.timed();
  const auto begin = std::chrono::steady_clock::now();
  contender.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

}  // namespace

Rounds::Rounds(std::vector<Contender> contenders)
    : contenders_(std::move(contenders)), seconds_(contenders_.size()), order_(contenders_.size()) {
  std::iota(order_.begin(), order_.end(), size_t{0});
  for (const Contender& contender : contenders_) (void)SecondsOf(contender);  // warm
}

double Rounds::RunOne(size_t watched) {
  std::shuffle(order_.begin(), order_.end(), random_);
  for (size_t contender : order_) {
    seconds_[contender].push_back(SecondsOf(contenders_[contender]));
  }
  return seconds_[watched].back();
}

double Rounds::MedianMicroseconds(size_t contender) const {
  return Median(seconds_[contender]) * 1e6;
}

double Rounds::MedianRatio(size_t contender) const {
  std::vector<double> ratios;
  for (size_t round = 0; round < seconds_[contender].size(); ++round) {
    ratios.push_back(seconds_[contender][round] / seconds_[0][round]);
  }
  return Median(std::move(ratios));
}

}  // namespace bench
