// What a fork server's child has from its client, of the moment, though it is a copy of a server that
// was started long before; and what signals do to the server.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "progeny/call.h"
#include "progeny/fork_server.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;

const ProcessOptions kFromServer{.start_method = StartMethod::kForkServer};

// Each in a client of its own, whose environment, directory and streams it may spoil.
class ServerContextTest : public tests::LeakFreeTest {
 protected:
  template <class Body>
  void RunApart(Body body) {
    absl::StatusOr<Process> client = Process::Fork(body);
    ASSERT_OK(client);
    const absl::StatusOr<ExitStatus> end = client->Join(kPatience);
    if (!end.ok()) (void)client->Kill();
    ASSERT_OK(end);
    EXPECT_EQ(end->ToString(), "exit code 0") << client->failure();
  }
};

absl::Status Expect(bool holds, const std::string& what) {
  return holds ? absl::OkStatus() : absl::InternalError(what);
}

std::string Variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "none" : value;
}

void SetInPreload() {
  setenv("PROGENY_TEST_LOADED", "by preload", 1);
  unsetenv("PROGENY_TEST_GONE");
}

TEST_F(ServerContextTest, Environment_IsTheClientsOfTheMoment) {
  RunApart([]() -> absl::Status {
    setenv("PROGENY_TEST", "first", 1);
    setenv("PROGENY_TEST_GONE", "still there", 1);
    absl::Status status = ForkServer::Start({.preload = fn<&SetInPreload>});
    if (!status.ok()) return status;
    status.Update(Expect(*Call(kFromServer, fn<&Variable>, "PROGENY_TEST") == "first", "as started"));
    setenv("PROGENY_TEST", "second", 1);
    status.Update(Expect(*Call(kFromServer, fn<&Variable>, "PROGENY_TEST") == "second", "changed"));
    status.Update(Expect(*Call(kFromServer, fn<&Variable>, "PROGENY_TEST_LOADED") == "by preload", "set"));
    status.Update(Expect(*Call(kFromServer, fn<&Variable>, "PROGENY_TEST_GONE") == "none", "unset"));
    unsetenv("PROGENY_TEST");
    status.Update(Expect(*Call(kFromServer, fn<&Variable>, "PROGENY_TEST") == "none", "removed"));
    ProcessOptions cleared = kFromServer;
    cleared.environment.Clear().Set("PROGENY_TEST", "alone");
    status.Update(Expect(*Call(cleared, fn<&Variable>, "PROGENY_TEST") == "alone", "of the options"));
    status.Update(Expect(*Call(cleared, fn<&Variable>, "PATH") == "none", "cleared"));
    return status;
  });
}

std::string Directory() { return std::filesystem::current_path().string(); }

TEST_F(ServerContextTest, Directory_IsTheClientsOfTheMoment) {
  const tests::TempDir folder;
  RunApart([&]() -> absl::Status {
    const std::string before = Directory();
    absl::Status status = ForkServer::Start();
    if (!status.ok()) return status;
    const std::string path = std::filesystem::canonical(folder.path()).string();
    if (chdir(path.c_str()) != 0) return absl::InternalError("chdir");
    status.Update(Expect(*Call(kFromServer, fn<&Directory>) == path, "changed"));
    ProcessOptions named = kFromServer;
    named.working_directory = "/";
    status.Update(Expect(*Call(named, fn<&Directory>) == "/", "of the options"));
    status.Update(Expect(*Call(kFromServer, fn<&Directory>) == path, "and back"));
    if (chdir(before.c_str()) != 0) return absl::InternalError("chdir");
    status.Update(Expect(*Call(kFromServer, fn<&Directory>) == before, "as started"));
    return status;
  });
}

TEST_F(ServerContextTest, Directory_ThatCantBeEntered_IsStartsErrorAndTheServerServesOn) {
  const tests::TempDir folder;
  const std::string closed = folder.File("closed");
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  ASSERT_EQ(mkdir(closed.c_str(), 0755), 0);
  ASSERT_EQ(chmod(closed.c_str(), 0444), 0);
  RunApart([&]() -> absl::Status {
    // Root may enter every directory.
    if (getuid() == 0 && (setgid(54321) != 0 || setuid(54321) != 0)) return absl::InternalError("setuid");
    ProcessOptions named = kFromServer;
    named.working_directory = closed;
    const absl::Status refused = Call(named, fn<&Directory>).status();
    absl::Status status = Expect(absl::IsPermissionDenied(refused), refused.ToString());
    status.Update(Call(kFromServer, fn<&Directory>).status());
    return status;
  });
}

TEST_F(ServerContextTest, Streams_AreTheClientsOfTheMoment) {
  const tests::TempDir folder;
  const std::string log = folder.File("out");
  RunApart([&]() -> absl::Status {
    absl::Status status = ForkServer::Start();
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    dup2(file, 1);
    close(file);
    absl::StatusOr<Process> child = Process::Start(kFromServer, fn<&tests::Say>, "hello");
    status.Update(child.status());
    if (status.ok()) status.Update(child->Join(kPatience).status());
    return status;
  });
  EXPECT_EQ(tests::ReadFile(log), "hello\n");
}

TEST_F(ServerContextTest, TheServer_HoldsNoStreamOfItsClientsOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  absl::StatusOr<Process> client = Process::Fork({.out = Stdio::Pipe()}, [&] {
    dup2(ends[1], 1);
    close(ends[1]);
    if (!ForkServer::Start().ok()) return tests::kStartFailed;
    close(1);
    return tests::StayUntilStopped();
  });
  ASSERT_OK(client);
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0) << "the end of the client's output is seen while its server lives";
  close(ends[0]);
  ASSERT_OK(client->RequestStop());
  EXPECT_OK(client->Join(kPatience));
}

TEST_F(ServerContextTest, Signals_MeantForTheGroupDoNotEndTheServer) {
  RunApart([]() -> absl::Status {
    setpgid(0, 0);
    absl::Status status;
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) ::signal(signal, [](int) {});
    status.Update(ForkServer::Start());
    const std::optional<ProcessId> server = ForkServer::id();
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) kill(0, signal);
    status.Update(Call(kFromServer, fn<&tests::ExitWith>, 0).status());
    status.Update(Expect(ForkServer::id() == server, "another server"));
    return status;
  });
}

// 12. Ctrl-C: each child is told once, by the terminal; nobody hangs.
TEST_F(ServerContextTest, Pain12_AnInterruptOfTheGroupEndsEachChildOnce) {
  RunApart([]() -> absl::Status {
    setpgid(0, 0);
    ::signal(SIGINT, [](int) {});
    std::vector<Process> children;
    for (int i = 0; i < 3; ++i) {
      ProcessOptions options = kFromServer;
      options.out = Stdio::Pipe();
      absl::StatusOr<Process> child = Process::Start(options, fn<&tests::StayUntilEnded>);
      if (!child.ok()) return child.status();
      tests::ReadLine(child->out());
      children.push_back(*std::move(child));
    }
    kill(0, SIGINT);
    for (Process& child : children) {
      const absl::StatusOr<ExitStatus> end = child.Join(kPatience);
      if (!end.ok()) return end.status();
      if (end->signal() != SIGINT) return absl::InternalError(end->ToString());
    }
    return Call(kFromServer, fn<&tests::ExitWith>, 0).status();
  });
}

TEST_F(ServerContextTest, AStoppedServer_IsNotWaitedForForEver) {
  RunApart([]() -> absl::Status {
    absl::Status status = ForkServer::Start();
    kill(static_cast<pid_t>(*ForkServer::id()), SIGSTOP);
    const absl::Status stopped = Call(kFromServer, fn<&tests::ExitWith>, 0).status();
    status.Update(Expect(absl::IsDeadlineExceeded(stopped), stopped.ToString()));
    status.Update(Call(kFromServer, fn<&tests::ExitWith>, 0).status());
    return status;
  });
}

// What libc's fork() does for a child is done for these as well.
int LocksWell() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  if (pthread_mutex_lock(&mutex) != 0 || pthread_mutex_lock(&mutex) != EDEADLK) return 1;
  return pthread_mutex_unlock(&mutex) == 0 ? 0 : 2;
}

TEST_F(ServerContextTest, Child_OwnsTheMutexesThatItLocks) {
  EXPECT_EQ(*Call(kFromServer, fn<&LocksWell>), 0);
}

int CountDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST_F(ServerContextTest, Child_HasTheDescriptorsThatASpawnedOneHas) {
  const int spawned = *Call({.start_method = StartMethod::kSpawn}, fn<&CountDescriptors>);
  // Under ThreadSanitizer children are the server's, and hold the socket that tells their end.
  EXPECT_EQ(*Call(kFromServer, fn<&CountDescriptors>), tests::kThreadSanitized ? spawned + 1 : spawned);
}

}  // namespace
}  // namespace progeny
