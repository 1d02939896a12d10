// Exit codes of children that tests start: a failure names its reason.
#ifndef PROGENY_TESTS_SUPPORT_EXIT_CODES_H_
#define PROGENY_TESTS_SUPPORT_EXIT_CODES_H_

namespace progeny::tests {

inline constexpr int kDone = 0;
inline constexpr int kNobodyStoppedMe = 41;  // the time ran out before RequestStop came
inline constexpr int kNobodyEndedMe = 42;    // the time ran out before a signal came
inline constexpr int kStartFailed = 43;      // a child couldn't start its own child
inline constexpr int kWrongValue = 44;       // something had another value than it should
inline constexpr int kChildFailed = 45;      // a child's own child ended with an error

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_EXIT_CODES_H_
