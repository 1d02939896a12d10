// A fork server that is a copy of its client: how it is forked, and what it does until it is needed.
#ifndef PROGENY_PLATFORM_POSIX_COPIED_SERVER_H_
#define PROGENY_PLATFORM_POSIX_COPIED_SERVER_H_

#include <signal.h>

namespace progeny::platform {

// No signal reaches this thread, nor what it forks, meanwhile: a server never sees one, its children
// begin with the mask that was there before.
class SignalsHeldBack {
 public:
  SignalsHeldBack();
  ~SignalsHeldBack();
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_;
};

// In the copy: lets go of the standard streams, takes a name that people can tell it by, and sleeps
// until there is a first request, or no client any more.
void AwaitFirstRequest(int socket);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_COPIED_SERVER_H_
