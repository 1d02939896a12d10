// What a child does with a hand-over that no parent of its own build would write: an error value for
// the parent, exit code 1, and nothing of the program's work runs.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "platform/image.h"
#include "platform/launch.h"
#include "platform/pipe.h"
#include "progeny/detail/bound_task.h"
#include "progeny/internal/answer.h"
#include "progeny/internal/hand_over_message.h"
#include "progeny/internal/slot.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::IsError;
using Bytes = std::vector<std::byte>;
using Callable = std::remove_const_t<decltype(fn<&tests::ExitWith>)>;

constexpr int kRan = 77;

class HandOverTest : public tests::LeakFreeTest {
 protected:
  using Task = detail::BoundTaskFor<detail::Exit, Callable, int>;

  platform::ImageAddress Entry() {
    Task task(Callable{}, int{kRan});
    return *platform::FindImage(task.node());
  }
  Bytes PayloadFor(const platform::ImageAddress& entry) {
    internal::Identity identity;
    identity.path = "1";
    identity.name = "child of a test";
    identity.start_method = StartMethod::kSpawn;
    identity.parent_id = this_process::id();
    identity.parent_name = "MainProcess";
    Bytes payload;
    EXPECT_OK(internal::EncodeHandOver({identity, {}, entry}, payload));
    Task task(Callable{}, int{kRan});
    detail::OutgoingHandles none;
    EXPECT_OK(task.Encode(payload, none));
    return payload;
  }

  struct Outcome {
    platform::ExitInfo end;
    absl::Status status;  // what the child said; NotFound if nothing
  };
  // Starts this program anew with these bytes as its hand-over.
  Outcome Run(const Bytes& payload) {
    absl::StatusOr<internal::Slot> slot = internal::Slot::Create();
    EXPECT_OK(slot);
    const platform::Handle nowhere = *platform::OpenNullDevice();
    platform::ImageRequest request;
    request.payload = payload;
    request.slot = &slot->region();
    request.setup.streams.err = nowhere.get();
    absl::StatusOr<platform::ChildHandle> child = platform::LaunchImage(request);
    EXPECT_OK(child);
    if (!child.ok()) return {};
    const absl::StatusOr<platform::ExitInfo> end =
        child->Wait(platform::Deadline::After(tests::kPatience));
    if (!end.ok()) (void)child->Kill();
    EXPECT_OK(end);
    if (!end.ok()) return {};
    absl::StatusOr<Bytes> answer = slot->ReadAnswer();
    if (answer.ok()) answer = internal::DecodeAnswer(*std::move(answer));
    return {*end, answer.status()};
  }
  void ExpectRefused(const Outcome& outcome, absl::StatusCode code, const std::string& words) {
    EXPECT_EQ(platform::Describe(outcome.end), "exit code 1");
    EXPECT_THAT(outcome.status, IsError(code, words));
  }
};

TEST_F(HandOverTest, Whole_Runs) {
  const Outcome outcome = Run(PayloadFor(Entry()));
  EXPECT_EQ(platform::Describe(outcome.end), absl::StrCat("exit code ", kRan));
}

TEST_F(HandOverTest, Truncated_IsRefusedAtAnyLength) {
  const Bytes whole = PayloadFor(Entry());
  for (size_t size = 0; size < whole.size(); size += size < 8 ? 1 : 11) {
    const Outcome outcome = Run(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
    EXPECT_EQ(platform::Describe(outcome.end), "exit code 1") << size << " of " << whole.size();
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDataLoss) << outcome.status;
  }
}

TEST_F(HandOverTest, WithTrailingBytes_IsRefused) {
  Bytes longer = PayloadFor(Entry());
  longer.push_back(std::byte{0});
  ExpectRefused(Run(longer), absl::StatusCode::kDataLoss, "");
}

// A flipped byte may lie in a name or in the argument: then the entry runs. It is never a crash.
TEST_F(HandOverTest, Garbled_NeverCrashesTheChild) {
  const Bytes whole = PayloadFor(Entry());
  for (size_t at = 0; at < whole.size(); at += 9) {
    Bytes garbled = whole;
    garbled[at] ^= std::byte{0xff};
    const Outcome outcome = Run(garbled);
    EXPECT_EQ(outcome.end.kind, platform::ExitInfo::Kind::kExited)
        << "byte " << at << ": " << platform::Describe(outcome.end);
  }
}

TEST_F(HandOverTest, EntryThatIsNone_IsRefusedByItsMagic) {
  platform::ImageAddress entry = Entry();
  for (const uint64_t offset : {entry.offset + 8, entry.offset + 1}) {
    entry.offset = offset;
    ExpectRefused(Run(PayloadFor(entry)), absl::StatusCode::kFailedPrecondition, "there is none at offset");
  }
}

TEST_F(HandOverTest, EntryOutsideOfItsImage_IsRefused) {
  platform::ImageAddress entry = Entry();
  for (const uint64_t offset : {uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{0} - 15}) {
    entry.offset = offset;
    const Outcome outcome = Run(PayloadFor(entry));
    EXPECT_EQ(platform::Describe(outcome.end), "exit code 1") << offset;
    EXPECT_FALSE(outcome.status.ok());
  }
}

TEST_F(HandOverTest, EntryOfAnotherBuild_IsRefusedAndBothAreNamed) {
  platform::ImageAddress entry = Entry();
  const std::string own = entry.build_id;
  entry.build_id = "0123456789abcdef";
  const Outcome outcome = Run(PayloadFor(entry));
  ExpectRefused(outcome, absl::StatusCode::kFailedPrecondition, "0123456789abcdef");
  ExpectRefused(outcome, absl::StatusCode::kFailedPrecondition, own);
}

TEST_F(HandOverTest, EntryInALibraryThatIsGone_IsNotFound) {
  platform::ImageAddress entry = Entry();
  entry.build_id = "0123456789abcdef";
  entry.main_program = false;
  entry.path = "/no such folder/plugin";
  ExpectRefused(Run(PayloadFor(entry)), absl::StatusCode::kNotFound, "no such folder");
}

}  // namespace
}  // namespace progeny
