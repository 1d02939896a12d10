#include "platform/windows/environment_block.h"

#include <string>

#include "gtest/gtest.h"

namespace progeny::platform {
namespace {

using namespace std::string_literals;

TEST(EnvironmentBlock, Entries_AreSortedWithoutCaseAndClosedByAnEmptyOne) {
  const absl::StatusOr<std::wstring> block = EnvironmentBlock({"b=2", "Path=x", "A=1", "=C:=C:\\"});
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_EQ(*block, L"=C:=C:\\\0A=1\0b=2\0Path=x\0\0"s);
}

TEST(EnvironmentBlock, NameThatIsAnothersBeginning_ComesFirst) {
  const absl::StatusOr<std::wstring> block = EnvironmentBlock({"AB=1", "A=2", "A!=3"});
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_EQ(*block, L"A=2\0A!=3\0AB=1\0\0"s);
}

TEST(EnvironmentBlock, NoEntries_AreStillTwoNuls) {
  EXPECT_EQ(*EnvironmentBlock({}), L"\0\0"s);
}

TEST(EnvironmentBlock, NulInside_IsRefused) {
  EXPECT_EQ(EnvironmentBlock({"A=x\0y"s}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace progeny::platform
