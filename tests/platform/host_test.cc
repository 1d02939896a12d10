#include "platform/host.h"

#include <thread>

#include "gtest/gtest.h"

namespace progeny::platform {
namespace {

TEST(Host, UsableCpus_AreAtLeastOneAndNoMoreThanTheMachineHas) {
  EXPECT_GE(UsableCpus(), 1);
  EXPECT_LE(UsableCpus(), static_cast<int>(std::thread::hardware_concurrency()));
}

TEST(Host, PageSize_IsAPowerOfTwo) {
  EXPECT_GE(PageSize(), 4096);
  EXPECT_EQ(PageSize() & (PageSize() - 1), 0);
}

TEST(Host, OsName_BeginsWithASystemThatHasAPort) {
  const std::string name = OsName();
  RecordProperty("os", name);
  EXPECT_TRUE(name.starts_with("Linux ") || name.starts_with("macOS ") ||
              name.starts_with("Windows "))
      << name;
}

TEST(Host, CurrentProcessId_IsPositiveAndStays) {
  EXPECT_GT(CurrentProcessId(), 0);
  int64_t in_a_thread = 0;
  std::thread([&in_a_thread] { in_a_thread = CurrentProcessId(); }).join();
  EXPECT_EQ(CurrentProcessId(), in_a_thread);
}

}  // namespace
}  // namespace progeny::platform
