// The one thread that progeny runs in its children on macOS (lifeline.cc), so that the report of
// threads can leave it out: it holds no locks that a forked child could miss.
#ifndef PROGENY_PLATFORM_MACOS_LIFELINE_THREAD_H_
#define PROGENY_PLATFORM_MACOS_LIFELINE_THREAD_H_

namespace progeny::platform {

inline constexpr char kLifelineThread[] = "progeny lifeline";

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_MACOS_LIFELINE_THREAD_H_
