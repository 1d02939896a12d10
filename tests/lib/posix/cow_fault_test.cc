// A Cow where something is short: addresses, memory, descriptors. Each is a status, never a SIGBUS.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "progeny/call.h"
#include "progeny/cow.h"
#include "progeny/process.h"
#include "support/cow_table.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Table;
using Numbers = std::pmr::vector<int64_t>;

constexpr int64_t kMiB = int64_t{1} << 20;

void Limit(int resource, rlim_t value) {
  const rlimit limit{value, value};
  setrlimit(static_cast<decltype(RLIMIT_NOFILE)>(resource), &limit);
}

class CowFaultTest : public tests::EveryMethod {
 protected:
  // In a child of its own: limits can't be raised again.
  template <class Body>
  void RunApart(Body body) {
    absl::StatusOr<Process> child = Process::Fork(body);
    ASSERT_OK(child);
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    if (!end.ok()) (void)child->Kill();
    ASSERT_OK(end);
    EXPECT_EQ(end->ToString(), "exit code 0") << child->failure();
  }
};
PROGENY_FOR_EVERY_METHOD(CowFaultTest);

std::string Look(Cow<Table> table) { return tests::Describe(*table); }

// The generous reservation is made smaller until it fits; one that was asked for is an error.
TEST_P(CowFaultTest, FewAddresses_GiveASmallerReservation_OrAnError) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer needs all addresses";
  RunApart([&]() -> int {
    Limit(RLIMIT_AS, 2048 * kMiB);
    const absl::StatusOr<Cow<Table>> table = tests::MakeTable();
    if (!table.ok()) return 2;
    const absl::StatusOr<std::string> seen = Call(Options(), fn<&Look>, *table);
    if (!seen.ok() || *seen != tests::Describe(**table)) return 3;
    const absl::Status failed = tests::MakeTable(7, {.reserve = 4096 * kMiB}).status();
    return absl::IsResourceExhausted(failed) && absl::StrContains(failed.message(), "reserve less") ? 0 : 4;
  });
}

// 64 MiB.
absl::StatusOr<Cow<Numbers>> MakeNumbers() {
  return MakeCow<Numbers>([](Numbers& numbers) { numbers.assign(8 << 20, 1); });
}

int64_t SizeOf(Cow<Numbers> numbers) { return static_cast<int64_t>(numbers->size()) + numbers->back(); }

// A child with fewer addresses than the reservation has gets what is frozen; with fewer than that, an error.
TEST_P(CowFaultTest, FewAddressesInTheChild_LeaveItTheFrozenBytes_OrAnError) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer needs all addresses";
  if (forks()) GTEST_SKIP() << "a forked child has its parent's addresses";
  const absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers();
  ASSERT_OK(numbers);
  ProcessOptions options = Options();
  options.limits.address_space = 512 * kMiB;
  EXPECT_EQ(*Call(options, fn<&SizeOf>, *numbers), 8 * kMiB + 1);
  options.limits.address_space = 64 * kMiB;
  EXPECT_THAT(Call(options, fn<&SizeOf>, *numbers), IsError(absl::StatusCode::kResourceExhausted, "address_space"));
}

// 8. "/dev/shm is too small: SIGBUS": memory that there isn't is refused before anybody touches it.
absl::StatusOr<int64_t> BuildMoreThanThereIs() {
  constexpr int64_t kTooMuch = int64_t{1} << 43;
  const auto numbers = MakeCow<Numbers>(
      [](Numbers& n) {
        n.assign(1000, 1);
        n.reserve(kTooMuch / sizeof(int64_t));
        n.back() = 2;
      },
      {.reserve = 2 * kTooMuch});
  if (!numbers.ok()) return numbers.status();
  return (*numbers)->back();
}

TEST_P(CowFaultTest, Pain8_MemoryThatThereIsNot_IsResourceExhausted_AndNoSigbus) {
  const absl::StatusOr<int64_t> built = Call(Options(), fn<&BuildMoreThanThereIs>);
  // ThreadSanitizer's own addresses leave none for the arena below the limit.
  EXPECT_THAT(built, IsError(absl::StatusCode::kResourceExhausted, tests::kThreadSanitized ? "" : "build a Cow"));
  EXPECT_FALSE(ExitStatusOf(built.status()).has_value()) << "nobody died of it";
}

absl::Status WriteWithoutMemory(Cow<Numbers> numbers) {
  Limit(RLIMIT_DATA, 16 * kMiB);
  absl::StatusOr<Numbers*> mine = numbers.Mutable();
  if (mine.ok()) return absl::InternalError("it was writable after all");
  if (numbers->back() != 1) return absl::InternalError("it is not readable any more");
  return mine.status();
}

TEST_P(CowFaultTest, Mutable_WithoutMemory_IsResourceExhausted_AndTheViewStaysReadable) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer takes memory of its own";
  const absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers();
  ASSERT_OK(numbers);
  EXPECT_THAT(Call(Options(), fn<&WriteWithoutMemory>, *numbers),
              IsError(absl::StatusCode::kResourceExhausted, "RLIMIT_DATA"));
}

TEST_P(CowFaultTest, NoDescriptorsLeft_IsResourceExhausted_AndLeavesNothing) {
  if (tests::kSanitized) GTEST_SKIP() << "the sanitizers' own checks of memory need a free descriptor";
  RunApart([&]() -> int {
    std::vector<int> taken;
    for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
    const absl::Status failed = tests::MakeTable().status();
    for (int fd : taken) close(fd);
    if (!absl::IsResourceExhausted(failed)) return 2;
    return tests::MakeTable().ok() ? 0 : 3;
  });
}

// A write through a const_cast, or to a page after the freeze without Mutable(), is a crash at once and
// no silent divergence.
int WriteAnyway(Cow<Table> table) {
  const_cast<Table&>(*table).version = 8;
  return 0;
}

TEST_P(CowFaultTest, WriteWithoutMutable_Crashes) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer reports the crash itself";
  const absl::StatusOr<Cow<Table>> table = tests::MakeTable();
  ASSERT_OK(table);
  const absl::StatusOr<int> written = Call(Options(), fn<&WriteAnyway>, *table);
  ASSERT_FALSE(written.ok());
  ASSERT_TRUE(ExitStatusOf(written.status()).has_value());
  EXPECT_TRUE(ExitStatusOf(written.status())->crashed()) << written.status();
}

// What a program that the child starts would inherit.
int64_t OpenInPrograms(Cow<Table> table) {
  int64_t kept = table ? 0 : 1000;
  for (int fd = 3; fd < 200; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++kept;
  }
  return kept;
}

TEST_P(CowFaultTest, Descriptors_OfTheArena_AreCloseOnExec) {
  const absl::StatusOr<Cow<Table>> table = tests::MakeTable();
  ASSERT_OK(table);
  const int64_t here = OpenInPrograms(*table);
  const absl::StatusOr<int64_t> there = Call(Options(), fn<&OpenInPrograms>, *table);
  ASSERT_OK(there);
  EXPECT_LE(*there, forks() ? here : 0);
}

}  // namespace
}  // namespace progeny
