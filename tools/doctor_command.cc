#include "commands.h"

namespace progeny_tool {

int RunDoctor(const Arguments&) { return 0; }

}  // namespace progeny_tool
