// One thread that runs callbacks of the user's: whoever has a result must not wait for what is done
// with it.
#ifndef PROGENY_INTERNAL_CALLBACKS_H_
#define PROGENY_INTERNAL_CALLBACKS_H_

#include <functional>

namespace progeny::internal {

// Runs `callback` on the thread of callbacks, in the order of the calls; what it throws is logged and
// dropped. The thread starts with the first call and ends with the process; a forked child makes its
// own, and forgets its parent's callbacks. Thread-safe; may be called under locks that callbacks take.
void RunLater(std::function<void()> callback);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_CALLBACKS_H_
