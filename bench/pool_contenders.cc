#include "pool_contenders.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "python_peer.h"

namespace bench {

Contender Each(std::string name, int64_t count, std::function<void(int64_t)> run) {
  return {std::move(name), {}, [count, run = std::move(run)] {
            const auto begin = std::chrono::steady_clock::now();
            run(count);
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
            return took.count() / static_cast<double>(count);
          }};
}

std::function<void(int64_t)> Repeated(std::function<void()> once) {
  return [once = std::move(once)](int64_t times) {
    for (; times > 0; --times) once();
  };
}

void AddFloor(Contenders& all, int64_t count, const std::function<void(int64_t)>& run) {
  all.push_back(Each("floor", count, run));
  all.push_back(Each("again", count, run));
}

void AddPython(Contenders& all, const std::string& line, int64_t count, Told told) {
  if (!HasPythonPeer()) return;
  const double tasks = told == Told::kWhole ? static_cast<double>(count) : 1;
  for (const char* kind : {"pool", "executor"}) {
    const std::string asked = absl::StrCat(absl::StrReplaceAll(line, {{"KIND", kind}}), " ", count);
    all.push_back({absl::StrCat("python_", kind), {}, [=] { return AskPython(asked) * tasks; }});
  }
}

}  // namespace bench
