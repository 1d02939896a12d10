// Pain 11: an id that was a child's is somebody else's now, and must get no signal.
#include <unistd.h>

#include <fstream>

#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::kPatience;

class RecycledIdTest : public tests::LeakFreeTest {};

// The next process gets `id`, if nobody else starts one meanwhile.
bool AskForId(int64_t id) {
  std::ofstream file("/proc/sys/kernel/ns_last_pid");
  file << id - 1;
  file.flush();
  return file.good();
}

TEST_F(RecycledIdTest, Pain11_ARecycledId_GetsNoSignal) {
  absl::StatusOr<Process> ended = Process::Fork([] {});
  ASSERT_OK(ended);
  ASSERT_OK(ended->Join(kPatience));
  if (!AskForId(ended->id())) GTEST_SKIP() << "/proc/sys/kernel/ns_last_pid can't be written";
  absl::StatusOr<Process> other = absl::UnknownError("none yet");
  const bool recycled = tests::WaitUntil([&] {
    if (!AskForId(ended->id())) return true;
    other = Process::Fork({.out = Stdio::Pipe()}, [] { return tests::StayUntilStopped(); });
    return !other.ok() || other->id() == ended->id();
  });
  ASSERT_OK(other);
  ASSERT_TRUE(recycled) << "the id never came back";
  ASSERT_EQ(other->id(), ended->id());
  EXPECT_EQ(tests::ReadLine(other->out()), "ready");
  EXPECT_OK(ended->Kill());
  EXPECT_OK(ended->Terminate());
  EXPECT_TRUE(ended->Join()->ok());
  ASSERT_OK(other->RequestStop());
  EXPECT_TRUE(other->Join(kPatience)->ok()) << "it has lived on";
}

}  // namespace
}  // namespace progeny
