// A report for people, and for programs.
#ifndef PROGENY_EXAMPLES_MEMORY_COST_PRINT_H_
#define PROGENY_EXAMPLES_MEMORY_COST_PRINT_H_

#include <string>

#include "experiment.h"

namespace memory_cost {

std::string AsTable(const Report& report);

// Sizes in bytes, times in microseconds; null for what this system can't tell.
std::string AsJson(const Report& report);

}  // namespace memory_cost

#endif  // PROGENY_EXAMPLES_MEMORY_COST_PRINT_H_
