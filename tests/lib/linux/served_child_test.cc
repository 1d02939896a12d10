// What libc's fork() does for a child beside making it is done for a fork server's children too, whom
// the kernel makes without it.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "progeny/call.h"
#include "progeny/fork_server.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::kPatience;

class ServedChildTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(ServedChildTest);

int IdsAgree() { return getpid() == gettid() ? tests::kDone : tests::kWrongValue; }

TEST_P(ServedChildTest, ItsThreadIsTheFirstOfItsProcess) {
  EXPECT_EQ(*Call(Options(), fn<&IdsAgree>), tests::kDone);
}

pthread_mutex_t* MapMutex(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(pthread_mutex_t)) != 0) return nullptr;
  void* const memory =
      mmap(nullptr, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return memory == MAP_FAILED ? nullptr : static_cast<pthread_mutex_t*>(memory);
}

int LockAndDie(const std::string& file) {
  pthread_mutex_t* const mutex = MapMutex(file);
  if (mutex == nullptr || pthread_mutex_lock(mutex) != 0) return tests::kWrongValue;
  raise(SIGKILL);
  return tests::kNobodyEndedMe;
}

TEST_P(ServedChildTest, ARobustMutexThatItDiesWith_IsHandedOn) {
  const tests::TempDir folder;
  const std::string file = folder.File("mutex");
  pthread_mutex_t* const mutex = MapMutex(file);
  ASSERT_NE(mutex, nullptr);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(mutex, &attributes);
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&LockAndDie>, file);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->ToString(), "killed by SIGKILL");
  EXPECT_EQ(pthread_mutex_trylock(mutex), EOWNERDEAD);
  pthread_mutex_consistent(mutex);
  pthread_mutex_unlock(mutex);
  munmap(mutex, sizeof *mutex);
}

}  // namespace
}  // namespace progeny
