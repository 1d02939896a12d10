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

void TakeAll() {
  for (size_t i = count; i > 0; --i) handlers[i - 1].take();
}

void ReleaseAll() {
  for (size_t i = 0; i < count; ++i) handlers[i].release();
}

void ForgetAndRelease() {
  ForgetInUnlockedChild();
  ReleaseAll();
}

}  // namespace

int AroundEveryFork(const ForkHandlers& added) {
  if (count == kMost) std::abort();  // progeny's own files alone register
  handlers[count++] = added;
  return count == 1 ? pthread_atfork(&TakeAll, &ReleaseAll, &ForgetAndRelease) : 0;
}

void ForgetInUnlockedChild() {
  for (size_t i = 0; i < count; ++i) {
    if (handlers[i].forget != nullptr) handlers[i].forget();
  }
}

}  // namespace progeny::platform
