// progeny doctor: what this machine offers to programs that start processes, and what will bite.
#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "commands.h"
#include "progeny/internal/tool.h"
#include "progeny/process.h"

namespace progeny_tool {
namespace {

using progeny::internal::JsonArray;
using progeny::internal::JsonMembers;
using progeny::internal::JsonNumber;
using progeny::internal::JsonObject;
using progeny::internal::JsonString;
using progeny::internal::MachineFact;

constexpr int kStarts = 20;
constexpr absl::Duration kPatience = absl::Seconds(10);

void Nothing() {}

struct MethodCost {
  progeny::StartMethod method;
  absl::Duration median;  // start and join of a child that does nothing
  absl::Status failure;
};

MethodCost Measure(progeny::StartMethod method) {
  MethodCost cost{method, absl::ZeroDuration(), absl::OkStatus()};
  std::vector<absl::Duration> times;
  for (int i = 0; i < kStarts; ++i) {
    const absl::Time begin = absl::Now();
    absl::StatusOr<progeny::Process> child =
        progeny::Process::Start({.start_method = method}, progeny::fn<&Nothing>);
    cost.failure = child.ok() ? child->Join(kPatience).status() : child.status();
    if (!cost.failure.ok()) return cost;
    times.push_back(absl::Now() - begin);
  }
  std::nth_element(times.begin(), times.begin() + kStarts / 2, times.end());
  cost.median = times[kStarts / 2];
  return cost;
}

std::vector<MethodCost> MeasureAll() {
  std::vector<MethodCost> costs;
  for (const progeny::StartMethod method : progeny::AvailableStartMethods()) {
    costs.push_back(Measure(method));
  }
  return costs;
}

// The library's own figures first; what only the system knows comes behind.
std::vector<MachineFact> AllFacts() {
  std::vector<MachineFact> facts;
  if (const auto memory = progeny::GetSystemMemory(); memory.ok()) {
    facts.push_back({"memory", "total", "", memory->total, MachineFact::Unit::kBytes, ""});
    facts.push_back({"memory", "available", "", memory->available, MachineFact::Unit::kBytes, ""});
  }
  for (MachineFact& fact : progeny::internal::MachineFacts()) facts.push_back(std::move(fact));
  facts.push_back({"cpu", "usable", "", progeny::UsableCpus(), MachineFact::Unit::kCount, ""});
  const auto order = [](const MachineFact& a, const MachineFact& b) { return a.topic < b.topic; };
  std::stable_sort(facts.begin(), facts.end(), order);
  return facts;
}

std::string ValueOf(const MachineFact& fact) {
  if (!fact.number.has_value()) return fact.value;
  if (fact.unit != MachineFact::Unit::kBytes) return absl::StrCat(*fact.number);
  const double mebibytes = static_cast<double>(*fact.number) / (1 << 20);
  return mebibytes < 1024 ? absl::StrFormat("%.1f MiB", mebibytes)
                          : absl::StrFormat("%.1f GiB", mebibytes / 1024);
}

void PrintText(const std::vector<MethodCost>& costs, const std::vector<MachineFact>& facts) {
  std::cout << "progeny " PROGENY_VERSION " on " << progeny::internal::SystemName() << "\n\n"
            << "start methods: start and join of a child that does nothing, median of " << kStarts
            << "\n";
  for (const MethodCost& cost : costs) {
    const bool is_default = cost.method == progeny::DefaultStartMethod();
    std::cout << absl::StrFormat(
        "  %-30s %s\n", absl::StrCat(progeny::Name(cost.method), is_default ? " (default)" : ""),
        cost.failure.ok() ? absl::StrFormat("%.2f ms", absl::ToDoubleMilliseconds(cost.median))
                          : std::string(cost.failure.message()));
  }
  std::string topic;
  for (const MachineFact& fact : facts) {
    if (fact.topic != topic) std::cout << "\n" << (topic = fact.topic) << "\n";
    std::cout << absl::StrFormat("%s %-30s %s\n", fact.warning.empty() ? " " : "!", fact.name,
                                 ValueOf(fact));
  }
  std::cout << "\n";
  for (const MachineFact& fact : facts) {
    if (fact.warning.empty()) continue;
    std::cout << absl::StrFormat("! %s %s: %s\n", fact.name, ValueOf(fact), fact.warning);
  }
}

void PrintJson(const std::vector<MethodCost>& costs, const std::vector<MachineFact>& facts) {
  std::vector<std::string> methods, told;
  for (const MethodCost& cost : costs) {
    JsonMembers members = {
        {"name", JsonString(progeny::Name(cost.method))},
        {"default", cost.method == progeny::DefaultStartMethod() ? "true" : "false"}};
    if (cost.failure.ok()) {
      members.emplace_back("start_and_join_us",
                           absl::StrCat(absl::ToInt64Microseconds(cost.median)));
    } else {
      members.emplace_back("failure", JsonString(cost.failure.message()));
    }
    methods.push_back(JsonObject(members));
  }
  for (const MachineFact& fact : facts) {
    told.push_back(JsonObject({{"topic", JsonString(fact.topic)},
                               {"name", JsonString(fact.name)},
                               {"number", JsonNumber(fact.number)},
                               {"value", JsonString(ValueOf(fact))},
                               {"warning", JsonString(fact.warning)}}));
  }
  std::cout << JsonObject({{"version", JsonString(PROGENY_VERSION)},
                           {"system", JsonString(progeny::internal::SystemName())},
                           {"start_methods", JsonArray(methods, "\n    ")},
                           {"facts", JsonArray(told, "\n    ")}},
                          "\n  ")
            << "\n";
}

}  // namespace

int RunDoctor(const Arguments& arguments) {
  const std::vector<MethodCost> costs = MeasureAll();
  const std::vector<MachineFact> facts = AllFacts();
  arguments.json ? PrintJson(costs, facts) : PrintText(costs, facts);
  std::cout << std::flush;
  return 0;
}

}  // namespace progeny_tool
