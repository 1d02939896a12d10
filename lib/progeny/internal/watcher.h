// One thread that calls back when a handle becomes ready: Future::OnReady needs somebody to run on.
#ifndef PROGENY_INTERNAL_WATCHER_H_
#define PROGENY_INTERNAL_WATCHER_H_

#include <functional>

#include "absl/status/status.h"
#include "platform/handle.h"

namespace progeny::internal {

// Calls `ready` once on the watcher's thread when `handle` is ready; `handle` must stay open until
// then, so `ready` owns whatever keeps it so. The thread starts with the first call and is made anew
// in a forked child, where the parent's callbacks are forgotten. Thread-safe.
absl::Status WhenReady(platform::NativeHandle handle, std::function<void()> ready);

// Runs a callback of the user's: what it throws is logged and dropped.
void RunCallback(const std::function<void()>& callback);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_WATCHER_H_
