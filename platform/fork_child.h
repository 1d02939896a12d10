// A child that is a copy of this process, on systems that have fork.
//
// The child runs `body` on the calling thread's stack and ends with _exit: its result is the exit
// code; C and standard C++ streams are flushed, nothing of the parent's is written twice, no
// destructor or atexit handler of the parent's runs. It is bound to this process's life.
// Where Capabilities().fork is false, ForkChild is Unimplemented and the rest does nothing.
#ifndef PROGENY_PLATFORM_FORK_CHILD_H_
#define PROGENY_PLATFORM_FORK_CHILD_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/launch.h"
#include "platform/resource_limits.h"

namespace progeny::platform {

// Borrowed for the length of the call.
struct ForkRequest {
  ProcessSetup setup;
  ResourceLimits limits;
  const SharedRegion* slot = nullptr;  // as for ImageRequest; never null
};

// Never returns in the child. What can't be set up there (working directory, limits, streams) is
// this call's status, and then no child is left. Forked children of foreign code are told by
// OnFork below.
absl::StatusOr<ChildHandle> ForkChild(const ForkRequest& request, absl::FunctionRef<int()> body);

// Registers functions around every fork() of this process, foreign code's included (pthread_atfork).
void OnFork(void (*prepare)(), void (*parent)(), void (*child)());

// Names of the other threads that live in this process: they do not exist in a forked child, but
// the locks they hold do. Empty where the OS can't tell.
std::vector<std::string> OtherThreads();

// What the calling thread is about: kOwn, nothing of the program's, and no lock but those that OnFork
// takes. Then a fork beside it is safe, and OtherThreads leaves it out. A thread of ours that is about
// to run a callback, or to end, says kPrograms.
enum class ThreadWork { kOwn, kPrograms };
void NoteThreadWork(ThreadWork work);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_FORK_CHILD_H_
