// The last moment of a forked child.
#ifndef PROGENY_PLATFORM_POSIX_CHILD_END_H_
#define PROGENY_PLATFORM_POSIX_CHILD_END_H_

namespace progeny::platform {

// _exit(code), after what instrumented builds (coverage) need to be told: they hang
// their reports on exit(), which a forked child must not run.
[[noreturn]] void EndForkedChild(int code);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_CHILD_END_H_
