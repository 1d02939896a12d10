// The scenarios of Boost's own test of process v2, with progeny's launcher in place of Boost's.
#include "progeny/boost_process.h"
//
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/v2/bind_launcher.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace progeny {
namespace {

namespace asio = boost::asio;
namespace bp = boost::process::v2;

constexpr auto kLongEnough = std::chrono::seconds(30);
constexpr char kShell[] = "/bin/sh";

// An empty file of this test's own, removed in the end.
class ScratchFile {
 public:
  ScratchFile()
      : path_(testing::TempDir() + "boost_process_test." + std::to_string(bp::current_pid()) + "." +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::ofstream(path_).flush();
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  bp::filesystem::path path() const { return path_; }
  std::string Text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& text) { std::ofstream(path_) << text; }

 private:
  std::string path_;
};

// Up to the end of the stream, which comes once every process that has its other end is gone.
std::string ReadAll(asio::readable_pipe& pipe) {
  std::string text;
  bp::error_code error;
  asio::read(pipe, asio::dynamic_buffer(text), error);
  return text;
}

// Standard output of a program that ends by itself.
template <class... Inits>
std::string OutputOf(const std::string& program, const std::vector<std::string>& arguments,
                     Inits&&... inits) {
  asio::io_context context;
  asio::readable_pipe out(context);
  auto child =
      BoostLauncher()(context, program, arguments, bp::process_stdio{{}, out, {}}, inits...);
  std::string text = ReadAll(out);
  child.wait();
  return text;
}

TEST(BoostLauncherTest, Wait_GivesTheExitCode) {
  asio::io_context context;
  for (const char* code : {"0", "1", "2", "42", "255"}) {
    auto child = BoostLauncher()(context, kShell, {"-c", "exit $1", "sh", code});
    EXPECT_EQ(child.wait(), std::atoi(code));
  }
}

TEST(BoostLauncherTest, Call_WithAnExecutor_GivesAProcessOfThatExecutor) {
  asio::io_context context;
  bp::process child = BoostLauncher()(asio::any_io_executor(context.get_executor()), kShell,
                                      std::vector<std::string>{"-c", "exit 3"});
  EXPECT_EQ(child.wait(), 3);
}

TEST(BoostLauncherTest, Call_WithAContext_GivesWhatBecomesABoostProcess) {
  asio::io_context context;
  bp::process child = BoostLauncher()(context, kShell, {"-c", "exit 4"});
  EXPECT_EQ(child.wait(), 4);
}

TEST(BoostLauncherTest, Call_WithAnErrorCode_ClearsIt) {
  asio::io_context context;
  bp::error_code error = asio::error::eof;
  auto child = BoostLauncher()(context, error, kShell, {"-c", "exit 5"});
  EXPECT_FALSE(error) << error.message();
  EXPECT_EQ(child.wait(), 5);
  error = asio::error::eof;
  auto second = BoostLauncher()(context.get_executor(), error, kShell, {"-c", "exit 6"});
  EXPECT_FALSE(error) << error.message();
  EXPECT_EQ(second.wait(), 6);
}

TEST(BoostLauncherTest, AsyncWait_OfSeveral_GivesEachItsExitCode) {
  asio::io_context context;
  std::vector<int> codes(4, -1);
  std::vector<bp::process> children;
  for (size_t i = 0; i < codes.size(); ++i) {
    children.push_back(
        BoostLauncher()(context, kShell, {"-c", "exit $1", "sh", std::to_string(i + 40)}));
  }
  for (size_t i = 0; i < codes.size(); ++i) {
    children[i].async_wait([&codes, i](bp::error_code error, int code) {
      EXPECT_FALSE(error) << error.message();
      codes[i] = code;
    });
  }
  context.run_for(kLongEnough);
  EXPECT_THAT(codes, testing::ElementsAre(40, 41, 42, 43));
}

TEST(BoostLauncherTest, AsyncWait_OfAChildThatLives_EndsWhenItIsTerminatedByAnother) {
  asio::io_context context;
  auto child = BoostLauncher()(context, "/bin/sleep", {"60"});
  bool told = false;
  child.async_wait([&](bp::error_code error, int code) {
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(code, SIGTERM);
    told = true;
  });
  context.poll();
  EXPECT_FALSE(told);
  child.request_exit();
  context.run_for(kLongEnough);
  EXPECT_TRUE(told);
}

TEST(BoostLauncherTest, Terminate_EndsTheChildAtOnce) {
  asio::io_context context;
  auto child = BoostLauncher()(context, "/bin/sleep", {"60"});
  child.terminate();
  EXPECT_EQ(child.wait(), SIGKILL);
}

TEST(BoostLauncherTest, RequestExit_EndsTheChildBySigterm) {
  asio::io_context context;
  auto child = BoostLauncher()(context, "/bin/sleep", {"60"});
  child.request_exit();
  EXPECT_EQ(child.wait(), SIGTERM);
}

TEST(BoostLauncherTest, Interrupt_EndsTheChildBySigint) {
  std::signal(SIGINT, SIG_DFL);  // a shell may have started this test with SIGINT ignored
  asio::io_context context;
  auto child = BoostLauncher()(context, "/bin/sleep", {"60"});
  child.interrupt();
  EXPECT_EQ(child.wait(), SIGINT);
}

TEST(BoostLauncherTest, Destructor_OfTheProcess_EndsTheChild) {
  asio::io_context context;
  asio::readable_pipe out(context);
  {
    auto child =
        BoostLauncher()(context, "/bin/sleep", {"60"}, bp::process_stdio{{}, out, {}});
  }
  EXPECT_EQ(ReadAll(out), "");  // returns once nobody holds the other end
}

TEST(BoostLauncherTest, Running_TellsWhetherTheChildLives) {
  asio::io_context context;
  asio::writable_pipe in(context);
  auto child =
      BoostLauncher()(context, kShell, {"-c", "read line; exit 7"}, bp::process_stdio{in, {}, {}});
  EXPECT_TRUE(child.running());
  in.close();
  const auto deadline = std::chrono::steady_clock::now() + kLongEnough;
  while (child.running() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(child.exit_code(), 7);
}

TEST(BoostLauncherTest, Arguments_ArriveAsTheyAre) {
  const std::vector<std::string> arguments{"<%s>\n",       "foo", "two words", "",
                                           "\"quoted\\\"", "ü*$x"};
  EXPECT_EQ(OutputOf("/usr/bin/printf", arguments),
            "<foo>\n<two words>\n<>\n<\"quoted\\\">\n<ü*$x>\n");
}

TEST(BoostLauncherTest, Arguments_OfEveryFormThatBoostTakes_Arrive) {
  asio::io_context context;
  const auto code = [&](auto&& arguments) {
    return BoostLauncher()(context, kShell, arguments).wait();
  };
  EXPECT_EQ(code(std::vector<std::string_view>{"-c", "exit 11"}), 11);
  EXPECT_EQ(code(std::vector<bp::string_view>{"-c", "exit 12"}), 12);
  EXPECT_EQ(code(std::vector<bp::cstring_ref>{"-c", "exit 13"}), 13);
  EXPECT_EQ(code(std::vector<const char*>{"-c", "exit 14"}), 14);
  EXPECT_EQ(code(std::vector<std::wstring>{L"-c", L"exit 15"}), 15);
  const char* complete[] = {"my-shell", "-c", "test $0 = my-shell && exit 16", nullptr};
  EXPECT_EQ(code(complete), 16);
  EXPECT_EQ(BoostLauncher()(context, "/bin/false", {}).wait(), 1);
}

TEST(BoostLauncherTest, Stdio_OutAndErr_ArriveApart) {
  asio::io_context context;
  asio::readable_pipe out(context);
  asio::readable_pipe err(context);
  auto child = BoostLauncher()(context, kShell, {"-c", "echo out; echo err >&2"},
                               bp::process_stdio{{}, out, err});
  EXPECT_EQ(ReadAll(out), "out\n");
  EXPECT_EQ(ReadAll(err), "err\n");
  EXPECT_EQ(child.wait(), 0);
}

TEST(BoostLauncherTest, Stdio_ConnectedPipe_IsTakenByItsNativeHandle) {
  asio::io_context context;
  asio::readable_pipe from_child(context);
  asio::writable_pipe to_parent(context);
  asio::connect_pipe(from_child, to_parent);
  auto child = BoostLauncher()(context, kShell, {"-c", "echo err >&2"},
                               bp::process_stdio{{}, nullptr, to_parent});
  to_parent.close();
  EXPECT_EQ(ReadAll(from_child), "err\n");
  EXPECT_EQ(child.wait(), 0);
}

TEST(BoostLauncherTest, Stdio_PipesBothWays_CarryWhatIsWritten) {
  asio::io_context context;
  asio::writable_pipe in(context);
  asio::readable_pipe out(context);
  auto child = BoostLauncher()(context, "/bin/cat", {}, bp::process_stdio{in, out, {}});
  const std::string text(1 << 20, 'x');
  asio::async_write(in, asio::buffer(text), [&](bp::error_code error, size_t) {
    EXPECT_FALSE(error) << error.message();
    in.close();
  });
  std::string echo;
  asio::async_read(out, asio::dynamic_buffer(echo), [](bp::error_code, size_t) {});
  context.run_for(kLongEnough);
  EXPECT_TRUE(echo == text) << echo.size() << " bytes came back of " << text.size();
  EXPECT_EQ(child.wait(), 0);
}

TEST(BoostLauncherTest, Stdio_PathAndFile_AreReadAndWritten) {
  ScratchFile from;
  from.Write("some ~~ test ~~ data");
  EXPECT_EQ(OutputOf("/bin/cat", {}, bp::detail::process_input_binding(from.path())),
            "some ~~ test ~~ data");
  asio::io_context context;
  std::FILE* to = std::tmpfile();
  ASSERT_NE(to, nullptr);
  auto child = BoostLauncher()(context, "/bin/cat", {}, bp::process_stdio{from.path(), to, {}});
  EXPECT_EQ(child.wait(), 0);
  char read[64] = {};
  std::rewind(to);
  EXPECT_EQ(std::fread(read, 1, sizeof read, to), 20u);
  EXPECT_STREQ(read, "some ~~ test ~~ data");
  std::fclose(to);
}

TEST(BoostLauncherTest, Stdio_PathForOutput_GetsTheOutput) {
  ScratchFile to;
  asio::io_context context;
  auto child =
      BoostLauncher()(context, "/bin/echo", {"hello"}, bp::process_stdio{nullptr, to.path(), {}});
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(to.Text(), "hello\n");
}

TEST(BoostLauncherTest, Stdio_OfThisProcessCrossed_IsNotMixedUp) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  asio::io_context context;
  BoostLauncher()(context, kShell, {"-c", "echo one; echo two >&2"},
                  bp::process_stdio{{}, stderr, stdout})
      .wait();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "two\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "one\n");
}

TEST(BoostLauncherTest, Stdio_Nullptr_IsTheNullDevice) {
  asio::io_context context;
  const char script[] = "cat; test $(readlink /proc/$$/fd/0) = /dev/null";
  auto child =
      BoostLauncher()(context, kShell, {"-c", script}, bp::process_stdio{nullptr, {}, {}});
  EXPECT_EQ(child.wait(), 0);
}

TEST(BoostLauncherTest, StartDir_IsInheritedOrWhatWasSaid) {
  EXPECT_EQ(OutputOf("/bin/pwd", {"-P"}), std::filesystem::current_path().string() + "\n");
  EXPECT_EQ(OutputOf("/bin/pwd", {"-P"}, bp::process_start_dir("/usr")), "/usr\n");
}

TEST(BoostLauncherTest, Environment_IsInheritedOrWhatWasSaid) {
  EXPECT_EQ(OutputOf("/usr/bin/printenv", {"PATH"}), std::string(std::getenv("PATH")) + "\n");
  EXPECT_EQ(OutputOf("/usr/bin/env", {}, bp::process_environment{"A=1", "B=two words"}),
            "A=1\nB=two words\n");
  EXPECT_EQ(OutputOf("/usr/bin/env", {},
                     bp::process_environment(std::vector<std::string>{"ONLY=this"})),
            "ONLY=this\n");
  EXPECT_EQ(OutputOf("/usr/bin/printenv", {"PATH"},
                     bp::process_environment(bp::environment::current())),
            std::string(std::getenv("PATH")) + "\n");
}

TEST(BoostLauncherTest, BindLauncher_PutsItsInitialisersFirst) {
  auto launcher = bp::bind_launcher(BoostLauncher(), bp::process_start_dir("/usr"),
                                    bp::process_environment{"A=1"});
  asio::io_context context;
  for (int i = 0; i < 2; ++i) {
    asio::readable_pipe out(context);
    bp::error_code error;
    auto child = launcher(context, error, bp::filesystem::path(kShell),
                          std::vector<std::string>{"-c", "echo $A; pwd"},
                          bp::process_stdio{{}, out, {}});
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(ReadAll(out), "1\n/usr\n");
    EXPECT_EQ(child.wait(), 0);
  }
}

}  // namespace
}  // namespace progeny
