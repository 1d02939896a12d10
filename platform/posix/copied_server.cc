// Most copies are never asked for anything, and each page that one touches is a fault of its own: so it
// does next to nothing before its first request, and that through pointers, which the loader fills at
// start-up. A call that only copies make would be bound in each of them anew.
#include "platform/posix/copied_server.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "platform/posix/process_name.h"

namespace progeny::platform {
namespace {

int (*const volatile open_file)(const char*, int, ...) = &open;
int (*const volatile duplicate)(int, int) = &dup2;
int (*const volatile look_at)(pollfd*, nfds_t, int) = &poll;

constexpr int kStreams = 3;

}  // namespace

SignalsHeldBack::SignalsHeldBack() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsHeldBack::~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void AwaitFirstRequest(int socket) {
  const int nothing = open_file("/dev/null", O_RDWR);
  for (int stream = 0; nothing >= 0 && stream < kStreams; ++stream) {
    if (stream != nothing) duplicate(nothing, stream);
  }
  if (nothing >= kStreams) close(nothing);
  NameProcess("PoolTemplate");
  pollfd request{socket, POLLIN, 0};
  while (look_at(&request, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace progeny::platform
