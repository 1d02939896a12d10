#include "platform/resource_limits.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "platform/host.h"

namespace progeny::platform {
namespace {

#if defined(__has_feature)
#define PROGENY_HAS_FEATURE(feature) __has_feature(feature)
#else
#define PROGENY_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    PROGENY_HAS_FEATURE(address_sanitizer) || PROGENY_HAS_FEATURE(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Field {
  const char* name;
  std::optional<int64_t> ResourceLimits::*value;
};

constexpr Field kFields[] = {
    {"limits.address_space", &ResourceLimits::address_space},
    {"limits.cpu_seconds", &ResourceLimits::cpu_seconds},
    {"limits.open_files", &ResourceLimits::open_files},
    {"limits.core_size", &ResourceLimits::core_size},
};

ResourceLimits Only(const Field& field, int64_t value) {
  ResourceLimits limits;
  limits.*field.value = value;
  return limits;
}

bool Has(const Field& field) {
  return !absl::IsUnimplemented(CheckResourceLimits(Only(field, 1)));
}

constexpr char kNotEnforced[] = "Wine takes the limits of a job but does not enforce them";

bool JobLimitsAreEnforced() { return !absl::StrContains(OsName(), "Wine"); }

TEST(CheckResourceLimits, NoLimits_AreFine) {
  EXPECT_TRUE(CheckResourceLimits({}).ok());
  EXPECT_TRUE(ApplyResourceLimits({}).ok());
}

TEST(CheckResourceLimits, ANegativeValue_IsInvalidArgumentNamingTheField) {
  for (const Field& field : kFields) {
    const absl::Status status = CheckResourceLimits(Only(field, -1));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), field.name)) << status;
  }
}

TEST(CheckResourceLimits, AnUnknownLimit_IsUnimplementedNamingTheField) {
  for (const Field& field : kFields) {
    const absl::Status status = CheckResourceLimits(Only(field, 1));
    EXPECT_TRUE(status.ok() || absl::IsUnimplemented(status)) << status;
    EXPECT_TRUE(status.ok() || absl::StrContains(status.message(), field.name)) << status;
  }
}

// The rest changes a process for good, so it happens in one of its own.
enum Code { kGood = 0, kNotApplied = 3, kAllowed = 4, kRaised = 5, kWrongWords = 6, kRefused = 7 };

int OpenFilesAfterLimit() {
  if (!ApplyResourceLimits({.open_files = 16}).ok()) return kNotApplied;
  std::vector<std::FILE*> files;
  const std::string self = testing::internal::GetArgvs().front();
  while (files.size() < 16) {
    std::FILE* const file = std::fopen(self.c_str(), "rb");
    if (file == nullptr) return kGood;
    files.push_back(file);
  }
  return kAllowed;
}

TEST(ApplyResourceLimits, OpenFiles_AreRefusedPastTheLimit) {
  if (!Has(kFields[2])) GTEST_SKIP() << CheckResourceLimits({.open_files = 1});
  EXPECT_EXIT(std::_Exit(OpenFilesAfterLimit()), testing::ExitedWithCode(kGood), "");
}

int RaiseAfterLimit() {
  if (!ApplyResourceLimits({.core_size = 4096}).ok()) return kNotApplied;
  const absl::Status status = CheckResourceLimits({.core_size = 8192});
  if (!absl::IsInvalidArgument(status)) return kRaised;
  for (const char* word : {"limits.core_size", "8192", "4096"}) {
    if (!absl::StrContains(status.message(), word)) return kWrongWords;
  }
  return CheckResourceLimits({.core_size = 4096}).ok() ? kGood : kRaised;
}

TEST(CheckResourceLimits, AboveTheHardLimit_IsInvalidArgumentNamingFieldValueAndLimit) {
  if (!Has(kFields[3])) GTEST_SKIP() << CheckResourceLimits({.core_size = 1});
  EXPECT_EXIT(std::_Exit(RaiseAfterLimit()), testing::ExitedWithCode(kGood), "");
}

// malloc under a sanitizer ends the process instead of returning null, and needs terabytes.
int AllocateAfterLimit() {
  constexpr size_t kGigabyte = size_t{1} << 30;
  if (!ApplyResourceLimits({.address_space = kGigabyte}).ok()) return kNotApplied;
  void* volatile block = std::malloc(2 * kGigabyte);
  return block == nullptr ? kGood : kAllowed;
}

TEST(ApplyResourceLimits, AddressSpace_IsRefusedPastTheLimit) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes of address space";
  if (!Has(kFields[0])) GTEST_SKIP() << CheckResourceLimits({.address_space = 1});
  if (!JobLimitsAreEnforced()) GTEST_SKIP() << kNotEnforced;
  EXPECT_EXIT(std::_Exit(AllocateAfterLimit()), testing::ExitedWithCode(kGood), "");
}

int RunOnWithinLimits() {
  constexpr int64_t kGigabyte = int64_t{1} << 30;
  const absl::Status status =
      ApplyResourceLimits({.address_space = 16 * kGigabyte, .cpu_seconds = 3600});
  if (!status.ok()) return kNotApplied;
  void* volatile block = std::malloc(size_t{1} << 20);
  return block != nullptr ? kGood : kRefused;
}

TEST(ApplyResourceLimits, BelowItsLimits_AProcessRunsOn) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes of address space";
  if (!Has(kFields[0])) GTEST_SKIP() << CheckResourceLimits({.address_space = 1});
  EXPECT_EXIT(std::_Exit(RunOnWithinLimits()), testing::ExitedWithCode(kGood), "");
}

int BurnAfterLimit() {
  if (!ApplyResourceLimits({.cpu_seconds = 1}).ok()) return kNotApplied;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  volatile int work = 0;
  while (std::chrono::steady_clock::now() < end) work = work + 1;
  return kAllowed;
}

TEST(ApplyResourceLimits, CpuSeconds_EndTheProcess) {
  if (!Has(kFields[1])) GTEST_SKIP() << CheckResourceLimits({.cpu_seconds = 1});
  if (!JobLimitsAreEnforced()) GTEST_SKIP() << kNotEnforced;
  const auto ended_by_the_limit = [](int status) {
    return !testing::ExitedWithCode(kNotApplied)(status) &&
           !testing::ExitedWithCode(kAllowed)(status);
  };
  EXPECT_EXIT(std::_Exit(BurnAfterLimit()), ended_by_the_limit, "");
}

}  // namespace
}  // namespace progeny::platform
