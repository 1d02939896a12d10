// Not ported: there is no fork, so nothing is at risk.
#include "platform/fork_risks.h"

namespace progeny::platform {

bool HasOtherThreads() { return false; }
std::vector<std::string> LoadedLibraries() { return {}; }
std::vector<std::string> UnflushedStreams() { return {}; }
std::vector<OpenDescriptor> DescriptorsKeptOverExec() { return {}; }
ForkedMemory MemoryBeforeFork() { return {}; }

}  // namespace progeny::platform
