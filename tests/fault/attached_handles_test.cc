// Handles that travel with a task, more of them than the kernel takes with one message.
#include <set>

#include "platform/handle.h"
#include "platform/pipe.h"
#include "progeny/call.h"
#include "progeny/detail/attachments.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

// Owns nothing: the test does, and in a child that ends nobody needs to.
struct Handles {
  std::vector<NativeHandle> values;

  template <class Archive>
  void save(Archive& archive) const {
    archive(static_cast<uint32_t>(values.size()));
    for (NativeHandle value : values) {
      archive(detail::OutgoingHandlesOf(archive.context(), "a test's handle").Add(value));
    }
  }
  template <class Archive>
  void load(Archive& archive) {
    uint32_t count = 0;
    archive(count);
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t index = 0;
      archive(index);
      values.push_back(detail::IncomingHandlesOf(archive.context(), "a test's handle").Take(index));
    }
  }
};

// How many there are that can really be used.
int CountUsable(const Handles& handles) {
  std::set<NativeHandle> different;
  for (NativeHandle value : handles.values) {
    if (platform::DuplicateNativeHandle(value).ok()) different.insert(value);
  }
  return static_cast<int>(different.size());
}

class AttachedHandlesTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(AttachedHandlesTest);

TEST_P(AttachedHandlesTest, AnyNumber_ArrivesInTheChild) {
  for (int count : {0, 1, 199, 200, 201, 400, 401}) {
    std::vector<platform::Handle> owners;
    Handles handles;
    for (int i = 0; i < count; ++i) {
      owners.push_back(*platform::OpenNullDevice());
      handles.values.push_back(owners.back().get());
    }
    const absl::StatusOr<int> usable = Call(Options(), fn<&CountUsable>, handles);
    ASSERT_OK(usable);
    EXPECT_EQ(*usable, count);
  }
}

TEST_P(AttachedHandlesTest, ThatIsNone_IsStartsErrorAndTheNextStartWorks) {
  if (forks()) GTEST_SKIP() << "a fork passes nothing on";
  EXPECT_FALSE(Call(Options(), fn<&CountUsable>, Handles{{100'000}}).ok());
  EXPECT_EQ(*Call(Options(), fn<&CountUsable>, Handles{}), 0);
}

}  // namespace
}  // namespace progeny
