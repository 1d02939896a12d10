// Makes this process, and all that it starts, run as on a system that lacks a feature: so that the
// bodies written for such systems are run as well.
#ifndef PROGENY_TESTS_PLATFORM_HIDE_FEATURES_H_
#define PROGENY_TESTS_PLATFORM_HIDE_FEATURES_H_

namespace progeny::tests {

// pidfd_open says ENOSYS from here on. False, with the reason on stderr, where it can't be done.
bool HideProcessHandles();

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_PLATFORM_HIDE_FEATURES_H_
