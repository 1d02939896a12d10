// Statuses in assertions: what was expected of one, and what it says when that fails.
#ifndef PROGENY_TESTS_SUPPORT_STATUS_H_
#define PROGENY_TESTS_SUPPORT_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace progeny::tests {

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <class T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// For a Status or a StatusOr: this code, and a message in which `words` stand.
MATCHER_P2(IsError, code, words, "") {
  const absl::Status status = StatusOf(arg);
  *result_listener << "which is " << status.ToString();
  return status.code() == code && std::string(status.message()).find(words) != std::string::npos;
}

}  // namespace progeny::tests

#define ASSERT_OK(expression)                                                       \
  if (const absl::Status progeny_status = ::progeny::tests::StatusOf((expression)); \
      progeny_status.ok())                                                          \
    ;                                                                               \
  else                                                                              \
    GTEST_FATAL_FAILURE_(#expression) << ": " << progeny_status.ToString()

#define EXPECT_OK(expression)                                                       \
  if (const absl::Status progeny_status = ::progeny::tests::StatusOf((expression)); \
      progeny_status.ok())                                                          \
    ;                                                                               \
  else                                                                              \
    GTEST_NONFATAL_FAILURE_(#expression) << ": " << progeny_status.ToString()

#endif  // PROGENY_TESTS_SUPPORT_STATUS_H_
