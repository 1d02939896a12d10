#include "commands.h"

namespace progeny_tool {

int RunTop(const Arguments&) { return 0; }

}  // namespace progeny_tool
