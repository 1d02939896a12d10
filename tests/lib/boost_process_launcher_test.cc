// What progeny's launcher promises beyond Boost's own: no fork, nothing inherited, no child left
// behind, and initialisers that run in this process.
#include "progeny/boost_process.h"
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/sanitizers.h"

namespace progeny {
namespace {

namespace asio = boost::asio;
namespace bp = boost::process::v2;

constexpr char kShell[] = "/bin/sh";

bp::error_code SystemError(int code) { return {code, bp::system_category()}; }

// Counts how often its context hears of a fork.
class ForkCounter : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit ForkCounter(asio::execution_context& context) : service(context) {}
  int forks() const { return forks_; }

 private:
  void shutdown() override {}
  void notify_fork(asio::execution_context::fork_event) override { ++forks_; }
  int forks_ = 0;
};
asio::execution_context::id ForkCounter::id;

// Children of the calling thread, as the kernel lists them.
std::string ChildrenOfThisThread() {
  std::ifstream file("/proc/thread-self/children");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(BoostLauncherTest, Call_BesideALargeHeap_DoesNotFork) {
  const std::vector<char> heap(size_t{256} << 20, 'x');
  asio::io_context context;
  auto& counter = asio::make_service<ForkCounter>(context);
  EXPECT_EQ(BoostLauncher()(context, "/bin/true", {}).wait(), 0);
  EXPECT_EQ(counter.forks(), 0);
  // The counter counts: Boost's own launcher forks.
  EXPECT_EQ(bp::process(context, "/bin/true", {}).wait(), 0);
  EXPECT_GT(counter.forks(), 0);
  EXPECT_EQ(heap.back(), 'x');
}

TEST(BoostLauncherTest, Call_BesideADescriptorThatIsNotCloseOnExec_ClosesItInTheChild) {
  std::FILE* stray = std::fopen("/dev/null", "r");
  ASSERT_NE(stray, nullptr);
  const std::string path = "/proc/self/fd/" + std::to_string(fileno(stray));
  ASSERT_EQ(std::system(("test -e " + path).c_str()), 0) << "a plain fork and exec passes it on";
  asio::io_context context;
  EXPECT_EQ(BoostLauncher()(context, "/usr/bin/test", {"-e", path}).wait(), 1);
  std::fclose(stray);
}

TEST(BoostLauncherTest, Call_BesideAPipeToASibling_LeavesTheSiblingItsEndOfInput) {
  asio::io_context context;
  asio::writable_pipe first_in(context);
  asio::writable_pipe second_in(context);
  auto first = BoostLauncher()(context, "/bin/cat", {}, bp::process_stdio{first_in, {}, {}});
  auto second = BoostLauncher()(context, "/bin/cat", {}, bp::process_stdio{second_in, {}, {}});
  first_in.close();
  EXPECT_EQ(first.wait(), 0);  // would hang if the second held the first one's pipe
  EXPECT_TRUE(second.running());
}

TEST(BoostLauncherTest, Call_OfAProgramThatIsNotThere_GivesTheSystemsError) {
  asio::io_context context;
  bp::error_code error;
  auto child = BoostLauncher()(context, error, "/no/such/program", {});
  EXPECT_EQ(error, SystemError(ENOENT));
  EXPECT_FALSE(child.is_open());
  BoostLauncher()(context, error, "/etc/passwd", {});
  EXPECT_EQ(error, SystemError(EACCES));
  BoostLauncher()(context, error, "/bin/true", {}, bp::process_start_dir("/no/such/directory"));
  EXPECT_EQ(error, SystemError(ENOENT));
  EXPECT_EQ(ChildrenOfThisThread(), "");
}

TEST(BoostLauncherTest, Call_WithoutErrorCode_ThrowsAsBoostDoes) {
  asio::io_context context;
  try {
    BoostLauncher()(context, "/no/such/program", {});
    FAIL() << "nothing was thrown";
  } catch (const bp::system_error& error) {
    EXPECT_EQ(error.code(), SystemError(ENOENT));
  }
}

TEST(BoostLauncherTest, Call_WithAFileThatCanNotBeOpened_StartsNothing) {
  asio::io_context context;
  bp::error_code error;
  BoostLauncher()(context, error, "/bin/cat", {},
                  bp::process_stdio{bp::filesystem::path("/no/such/file"), {}, {}});
  EXPECT_EQ(error, SystemError(EBADF));
  EXPECT_EQ(ChildrenOfThisThread(), "");
}

// Lowers this process's soft limit of descriptors and fills what is left.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    SetLimit("64");
    while (std::FILE* file = std::fopen("/dev/null", "r")) files_.push_back(file);
  }
  ~NoDescriptorsLeft() {
    for (std::FILE* file : files_) std::fclose(file);
    SetLimit("1024");
  }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

  static bool Possible() { return std::filesystem::exists("/usr/bin/prlimit"); }

 private:
  static void SetLimit(const std::string& soft) {
    asio::io_context context;
    BoostLauncher()(context, "/usr/bin/prlimit",
                    {"--nofile=" + soft + ":", "--pid", std::to_string(bp::current_pid())})
        .wait();
  }
  std::vector<std::FILE*> files_;
};

TEST(BoostLauncherTest, Call_WithoutADescriptorForTheProcess_LeavesNoChild) {
  if (!NoDescriptorsLeft::Possible()) GTEST_SKIP() << "/usr/bin/prlimit is not installed";
  if (tests::kSanitized) {
    GTEST_SKIP() << "a sanitizer's own checks need descriptors (clang's -fsanitize=vptr)";
  }
  asio::io_context context;
  BoostLauncher()(context, "/bin/true", {}).wait();  // asio opens its own descriptors
  bp::error_code error;
  std::string children = "not looked at";
  {
    // Opened before, read after: no descriptor is left to open it with.
    std::ifstream listing("/proc/thread-self/children");
    if (!listing) GTEST_SKIP() << "this kernel lists no children (CONFIG_PROC_CHILDREN)";
    NoDescriptorsLeft full;
    BoostLauncher()(context, error, "/bin/sleep", {"60"});
    children.assign(std::istreambuf_iterator<char>(listing), {});
  }
  EXPECT_TRUE(error);
  EXPECT_EQ(children, "");
}

// --- initialisers of the user -------------------------------------------------------------------

struct Recorder {
  std::vector<std::string> told;
  bp::error_code refuse_with;

  bp::error_code on_setup(BoostLauncher& launcher, const bp::filesystem::path& path,
                          const char* const*& argv) {
    told.push_back("setup " + path.string() + " " + argv[0]);
    launcher.environment = std::vector<std::string>{"SET=by initialiser"};
    return refuse_with;
  }
  void on_error(BoostLauncher& launcher, const bp::filesystem::path&, const char* const*&,
                const bp::error_code& error) {
    told.push_back("error " + std::to_string(error.value()) + " " + std::to_string(launcher.pid));
  }
  void on_success(BoostLauncher& launcher, const bp::filesystem::path&, const char* const*&) {
    told.push_back("success " + std::to_string(launcher.pid));
  }
};

// Generic, as one that shall fit every launcher; moves argv to its own array.
struct OtherArguments {
  const char* own[4] = {"renamed", "-c", "test \"$0 $SET\" = 'renamed by initialiser'", nullptr};
  template <class Launcher>
  bp::error_code on_setup(Launcher&, const bp::filesystem::path&, const char* const*& argv) {
    argv = own;
    return {};
  }
};

TEST(BoostLauncherTest, Initialiser_OnSetup_ChangesWhatIsStarted) {
  asio::io_context context;
  EXPECT_EQ(BoostLauncher()(context, kShell, {}, Recorder(), OtherArguments()).wait(), 0);
}

TEST(BoostLauncherTest, Initialiser_HearsOfSuccess) {
  asio::io_context context;
  Recorder recorder;
  const BoostLauncher launcher;
  auto child = launcher(context, "/bin/true", {}, recorder);
  EXPECT_THAT(recorder.told, testing::ElementsAre("setup /bin/true /bin/true",
                                                  "success " + std::to_string(child.id())));
  EXPECT_EQ(child.wait(), 0);
}

TEST(BoostLauncherTest, Initialiser_HearsOfFailure) {
  asio::io_context context;
  Recorder recorder;
  bp::error_code error;
  BoostLauncher()(context, error, "/no/such/program", {}, recorder);
  EXPECT_THAT(recorder.told, testing::ElementsAre("setup /no/such/program /no/such/program",
                                                  "error " + std::to_string(ENOENT) + " -1"));
}

TEST(BoostLauncherTest, Initialiser_ThatRefuses_PreventsTheStart) {
  asio::io_context context;
  Recorder refusing{{}, SystemError(EPERM)};
  Recorder later;
  bp::error_code error;
  auto child = BoostLauncher()(context, error, "/bin/true", {}, refusing, later);
  EXPECT_EQ(error, SystemError(EPERM));
  EXPECT_FALSE(child.is_open());
  EXPECT_THAT(refusing.told, testing::ElementsAre(testing::StartsWith("setup"), "error 1 -1"));
  EXPECT_THAT(later.told, testing::ElementsAre("error 1 -1"));
  EXPECT_EQ(ChildrenOfThisThread(), "");
}

TEST(BoostLauncherTest, Members_HoldForEveryStart) {
  BoostLauncher launcher;
  launcher.environment = {"A=member"};
  launcher.working_directory = "/usr";
  asio::io_context context;
  EXPECT_EQ(launcher(context, kShell, {"-c", "test $A$PWD = member/usr"}).wait(), 0);
  // An initialiser says otherwise for one start only.
  EXPECT_EQ(launcher(context, kShell, {"-c", "test -z $A"}, Recorder()).wait(), 0);
  EXPECT_THAT(*launcher.environment, testing::ElementsAre("A=member"));
}

}  // namespace
}  // namespace progeny
