// What Boost.Process v2 1.81 can do on Windows, with progeny's launcher.
#include "progeny/boost_process.h"
//
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace progeny {
namespace {

namespace asio = boost::asio;
namespace bp = boost::process::v2;

std::string Shell() {
  const char* shell = std::getenv("ComSpec");
  return shell != nullptr ? shell : "C:\\windows\\system32\\cmd.exe";
}

// Standard output of a command of the shell's that ends by itself.
template <class... Inits>
std::string OutputOf(const BoostLauncher& launcher, const std::string& command, Inits&&... inits) {
  asio::io_context context;
  asio::readable_pipe out(context);
  auto child = launcher(context, Shell(), {"/c", command}, bp::process_stdio{nullptr, out, {}},
                        inits...);
  std::string text;
  bp::error_code error;
  asio::read(out, asio::dynamic_buffer(text), error);
  child.wait();
  return text;
}

TEST(BoostLauncherTest, Wait_GivesTheExitCode) {
  asio::io_context context;
  EXPECT_EQ(BoostLauncher()(context, Shell(), {"/c", "exit 7"}).wait(), 7);
  const std::vector<std::wstring> wide{L"/c", L"exit 8"};
  EXPECT_EQ(BoostLauncher()(context, Shell(), wide).wait(), 8);
}

TEST(BoostLauncherTest, Call_WithAnyExecutor_GivesABoostProcess) {
  asio::io_context context;
  bp::process child = BoostLauncher()(asio::any_io_executor(context.get_executor()), Shell(),
                                      std::vector<std::string>{"/c", "exit 9"});
  EXPECT_EQ(child.wait(), 9);
}

TEST(BoostLauncherTest, AsyncWait_GivesTheExitCode) {
  asio::io_context context;
  auto child = BoostLauncher()(context, Shell(), {"/c", "exit 10"});
  int code = -1;
  child.async_wait([&](bp::error_code error, int exit_code) {
    EXPECT_FALSE(error) << error.message();
    code = exit_code;
  });
  context.run_for(std::chrono::seconds(30));
  EXPECT_EQ(code, 10);
}

TEST(BoostLauncherTest, Terminate_EndsTheChild) {
  asio::io_context context;
  asio::readable_pipe out(context);
  auto child = BoostLauncher()(context, Shell(), {"/k"}, bp::process_stdio{{}, out, {}});
  bp::error_code error;
  child.terminate(error);
  EXPECT_FALSE(error) << error.message();
  std::string text;
  asio::read(out, asio::dynamic_buffer(text), error);
  EXPECT_EQ(error, asio::error::broken_pipe) << "nobody holds the other end: " << error.message();
}

TEST(BoostLauncherTest, Stdio_PipeAndStartDir_ReachTheChild) {
  EXPECT_THAT(OutputOf(BoostLauncher(), "echo hello"), testing::StartsWith("hello"));
  EXPECT_THAT(OutputOf(BoostLauncher(), "cd", bp::process_start_dir("C:\\windows")),
              testing::StartsWith("C:\\windows"));
}

TEST(BoostLauncherTest, Environment_OfTheLauncher_IsTheChilds) {
  BoostLauncher launcher;
  launcher.environment = {"ANSWER=of the launcher",
                          std::string("SystemRoot=") + std::getenv("SystemRoot")};
  EXPECT_THAT(OutputOf(launcher, "echo %ANSWER%"), testing::StartsWith("of the launcher"));
}

TEST(BoostLauncherTest, Call_OfAProgramThatIsNotThere_GivesTheSystemsError) {
  asio::io_context context;
  bp::error_code error;
  auto child = BoostLauncher()(context, error, "C:\\no\\such\\program.exe", {});
  EXPECT_EQ(error.category(), bp::system_category());
  EXPECT_TRUE(error == boost::system::errc::no_such_file_or_directory) << error.message();
}

TEST(BoostLauncherTest, Call_OfABatchFile_IsRefused) {
  asio::io_context context;
  bp::error_code error;
  auto child = BoostLauncher()(context, error, "C:\\a.bat", {"&calc"});
  EXPECT_EQ(error, boost::system::errc::invalid_argument);
}

}  // namespace
}  // namespace progeny
