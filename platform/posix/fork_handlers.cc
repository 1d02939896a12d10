#include "platform/posix/fork_handlers.h"

#include <pthread.h>

#include <cstddef>
#include <cstdlib>

namespace progeny::platform {
namespace {

// Constant-initialised: other files' static initialisers fill it.
constexpr size_t kMost = 32;
ForkHandlers handlers[kMost];
size_t count = 0;

}  // namespace

int AroundEveryFork(const ForkHandlers& added) {
  if (count == kMost) std::abort();  // progeny's own files alone register
  handlers[count++] = added;
  return pthread_atfork(added.prepare, added.parent, added.child);
}

void RunPrepareHandlers() {
  for (size_t i = count; i > 0; --i) {
    if (handlers[i - 1].prepare != nullptr) handlers[i - 1].prepare();
  }
}

void RunParentHandlers() {
  for (size_t i = 0; i < count; ++i) {
    if (handlers[i].parent != nullptr) handlers[i].parent();
  }
}

void RunChildHandlers() {
  for (size_t i = 0; i < count; ++i) {
    if (handlers[i].child != nullptr) handlers[i].child();
  }
}

}  // namespace progeny::platform
