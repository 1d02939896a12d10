// A parent with a big table starts children: do they copy it? Builds the table, starts children by
// every start method there is, and shows what each of them costs.
//
//     memory_cost [--size 1GiB] [--children 4] [--json]
#include <iostream>
#include <string>
#include <vector>

#include "experiment.h"
#include "options.h"
#include "print.h"

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  absl::StatusOr<memory_cost::Options> options =
      memory_cost::ParseOptions(std::vector<std::string>(argv + 1, argv + argc));
  if (!options.ok()) {
    std::cerr << "memory_cost: " << options.status().message() << "\n\n" << memory_cost::Usage();
    return 2;
  }
  if (options->help) {
    std::cout << memory_cost::Usage();
    return 0;
  }
  absl::StatusOr<memory_cost::Report> report =
      memory_cost::RunExperiment(options->table_bytes, options->children);
  if (!report.ok()) {
    std::cerr << "memory_cost: " << report.status() << "\n";
    return 1;
  }
  std::cout << (options->format == memory_cost::Format::kJson ? AsJson(*report) : AsTable(*report));
}
