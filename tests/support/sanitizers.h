// Whether this program is instrumented: what sanitizers change can't be tested under them.
#ifndef PROGENY_TESTS_SUPPORT_SANITIZERS_H_
#define PROGENY_TESTS_SUPPORT_SANITIZERS_H_

namespace progeny::tests {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kThreadSanitized = true;
#else
inline constexpr bool kThreadSanitized = false;
#endif
#else
inline constexpr bool kThreadSanitized = false;
#endif

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_SANITIZERS_H_
