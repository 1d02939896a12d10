// Memory that a parent really holds.
#ifndef PROGENY_BENCH_BALLAST_H_
#define PROGENY_BENCH_BALLAST_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

// Written to, page by page.
class Ballast {
 public:
  explicit Ballast(int64_t bytes) : bytes_(static_cast<size_t>(bytes)) {
    for (size_t i = 0; i < bytes_.size(); i += 4096) bytes_[i] = static_cast<char>(i >> 12);
    benchmark::DoNotOptimize(bytes_.data());
  }

 private:
  std::vector<char> bytes_;
};

}  // namespace bench

#endif  // PROGENY_BENCH_BALLAST_H_
