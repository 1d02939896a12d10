// Something lies where a child has to map a Cow: a clear error, and another address works.
//
// The child's guard runs Occupy before the work: it maps memory at the address that it is told.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "progeny/call.h"
#include "progeny/cow.h"
#include "progeny/main_guard.h"
#include "support/cow_table.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::Table;

constexpr char kVariable[] = "PROGENY_TEST_OCCUPY";

void Occupy() {
  const char* text = std::getenv(kVariable);
  uint64_t address = 0;
  if (text == nullptr || !absl::SimpleAtoi(text, &address)) return;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (mmap(reinterpret_cast<void*>(address / page * page), page, PROT_READ,
           MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0) == MAP_FAILED) {
    std::abort();
  }
}

class CowClashTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(CowClashTest);

std::string Look(Cow<Table> table) { return tests::Describe(*table); }

TEST_P(CowClashTest, SomethingInTheWay_IsFailedPrecondition_AndTheNextChildIsFine) {
  if (forks()) GTEST_SKIP() << "a forked child has its parent's mappings";
  if (Options().start_method == StartMethod::kForkServer) {
    GTEST_SKIP() << "in_child has run in the server, before the address was known";
  }
  const absl::StatusOr<Cow<Table>> table = tests::MakeTable(7, {.reserve = 16 << 20});
  ASSERT_OK(table);
  const auto first = reinterpret_cast<uint64_t>(table->arena().resource());
  for (const uint64_t offset : {uint64_t{0}, uint64_t{1} << 17, uint64_t{12} << 20}) {
    ProcessOptions options = Options();
    options.environment.Set(kVariable, absl::StrCat(first + offset));
    const absl::StatusOr<std::string> seen = Call(options, fn<&Look>, *table);
    EXPECT_THAT(seen, IsError(absl::StatusCode::kFailedPrecondition, "lies in the way")) << offset;
  }
  EXPECT_EQ(*Call(Options(), fn<&Look>, *table), tests::Describe(**table));
}

}  // namespace
}  // namespace progeny

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv, {.in_child = &progeny::Occupy});
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
