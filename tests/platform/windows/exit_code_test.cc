#include "platform/windows/exit_code.h"

#include "gtest/gtest.h"

namespace progeny::platform {
namespace {

using Kind = ExitInfo::Kind;

TEST(ExitCode, SmallCodes_AreExits) {
  for (uint32_t code : {0u, 1u, 3u, 255u, 259u, 0x7fffffffu}) {
    const ExitInfo info = ExitInfoFromCode(code);
    EXPECT_EQ(info.kind, Kind::kExited);
    EXPECT_EQ(info.code, code);
    EXPECT_FALSE(IsCrash(info));
    EXPECT_FALSE(IsTermination(info));
  }
}

TEST(ExitCode, NegativeCodes_AreExitsAndNoExceptions) {
  for (int code : {-1, -2, -1000, -100000}) {
    EXPECT_EQ(ExitInfoFromCode(static_cast<uint32_t>(code)).kind, Kind::kExited) << code;
  }
}

TEST(ExitCode, Exceptions_AreCrashesWithTheirNames) {
  EXPECT_EQ(Describe(ExitInfoFromCode(0xC0000005)), "access violation (0xC0000005)");
  EXPECT_EQ(Describe(ExitInfoFromCode(0xC00000FD)), "stack overflow (0xC00000FD)");
  EXPECT_EQ(Describe(ExitInfoFromCode(0x80000003)), "breakpoint (0x80000003)");
  EXPECT_EQ(Describe(ExitInfoFromCode(0xE06D7363)), "C++ exception (0xE06D7363)");
  EXPECT_EQ(Describe(ExitInfoFromCode(0xC0001234)), "exception (0xC0001234)");
  for (uint32_t code : {0xC0000005u, 0xC0000409u, 0x80000003u, 0xE06D7363u}) {
    EXPECT_TRUE(IsCrash(ExitInfoFromCode(code)));
    EXPECT_FALSE(IsTermination(ExitInfoFromCode(code)));
  }
}

TEST(ExitCode, OurOwnCodes_AreTheSignalsTheyStandFor) {
  EXPECT_EQ(Describe(ExitInfoFromCode(kInterruptedExitCode)), "killed by SIGINT");
  EXPECT_EQ(Describe(ExitInfoFromCode(kTerminatedExitCode)), "killed by SIGTERM");
  EXPECT_EQ(Describe(ExitInfoFromCode(kKilledExitCode)), "killed by SIGKILL");
  for (uint32_t code : {kInterruptedExitCode, kTerminatedExitCode, kKilledExitCode}) {
    EXPECT_TRUE(IsTermination(ExitInfoFromCode(code)));
    EXPECT_FALSE(IsCrash(ExitInfoFromCode(code)));
  }
}

}  // namespace
}  // namespace progeny::platform
