// The server behind StartMethod::kForkServer: started on first use, or here, with something to load
// that all its children are to inherit.
//
//     absl::Status LoadModel() { ... }   // into static variables, once
//
//     absl::Status ready = progeny::ForkServer::Start({.preload = progeny::fn<&LoadModel>});
//     auto child = progeny::Process::Start({.start_method = progeny::StartMethod::kForkServer},
//                                          progeny::fn<&Work>);   // sees what LoadModel has built
//
// The server is this program, started anew from the running image through the MainGuard, with one
// thread and without what the parent has built. Its children cost what a fork of a small process
// costs, whatever the parent holds and however many threads it has; they share what the server has
// loaded copy-on-write. They come from the image that ran when the server was started, also when the
// file was replaced since.
//
// Should the server die (its children run on, and are joined as ever), the next start brings up
// another one, which runs the preload again. Ctrl-C does not end it. It ends with its client.
//
// As under spawn, a child gets this process's standard streams, environment and working directory
// of the moment, and an empty signal mask. As of the server's start are: umask, resource limits that are
// not named in ProcessOptions, priority, ignored signals. A process that has become another user gets
// a new server. Each process has a server of its own: children don't share their parent's.
#ifndef PROGENY_FORK_SERVER_H_
#define PROGENY_FORK_SERVER_H_

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "progeny/callable.h"
#include "progeny/detail/bound_task.h"
#include "progeny/this_process.h"

namespace progeny {

// A callable without parameters that returns void or absl::Status and can run in a child: what
// Process::Start takes.
class Preload {
 public:
  Preload() = default;
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Preload>)
  Preload(F callable) {  // implicit: {.preload = fn<&Load>}
    if constexpr (detail::CheckCall<false, F>()) {
      using Result = std::invoke_result_t<F&>;
      static_assert(std::is_void_v<Result> || std::is_same_v<Result, absl::Status>,
                    "progeny: a preload returns void or absl::Status");
      task_ = std::make_shared<detail::BoundTaskFor<detail::Exit, F>>(std::move(callable));
    }
  }

  const detail::Task* task() const { return task_.get(); }

 private:
  std::shared_ptr<detail::Task> task_;
};

struct ForkServerOptions {
  // Runs once in the server, before it makes its first child, after MainGuardOptions::in_child. It may
  // leave no thread behind.
  Preload preload = {};
};

// All of it is thread-safe. Unimplemented on Windows, which has no fork.
class ForkServer {
 public:
  // Returns when the server is ready: OK at once if it runs already. What the preload returned or
  // threw, or how it died, is the status, and then nothing has changed. FailedPrecondition: a preload
  // for a server that runs already; threads that it leaves behind; a missing MainGuard.
  static absl::Status Start(ForkServerOptions options = {});

  // Ends the server, not its children, and forgets the preload. Nothing if none runs.
  static void Stop();

  // Of the server that runs.
  static std::optional<ProcessId> id();
};

}  // namespace progeny

#endif  // PROGENY_FORK_SERVER_H_
