// What the figures say, in words.
#ifndef PROGENY_EXAMPLES_MEMORY_COST_FINDINGS_H_
#define PROGENY_EXAMPLES_MEMORY_COST_FINDINGS_H_

#include <string>
#include <vector>

#include "experiment.h"

namespace memory_cost {

// One sentence or two each, made from the report's figures. What this system can't tell, or can't
// start, has no sentence.
std::vector<std::string> Findings(const Report& report);

}  // namespace memory_cost

#endif  // PROGENY_EXAMPLES_MEMORY_COST_FINDINGS_H_
