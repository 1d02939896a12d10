// Handles that travel beside the bytes of a value: what an object with handles sees of the codec, and
// what becomes of indices that nobody would write.
#include "progeny/detail/attachments.h"

#include <memory>
#include <vector>

#include "platform/shared_region.h"
#include "progeny/call.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::IsError;

constexpr size_t kBytes = 4096;

// An object with a handle, as progeny's own are.
class Word {
 public:
  Word() = default;
  explicit Word(int64_t value) : region_(std::make_shared<platform::SharedRegion>(
                                     *platform::SharedRegion::Create(kBytes))) {
    word() = value;
  }

  int64_t& word() const { return *reinterpret_cast<int64_t*>(region_->head()); }

  template <class Archive>
  void save(Archive& archive) const {
    archive(detail::OutgoingHandlesOf(archive.context(), "a Word").Add(region_->handle()));
  }
  template <class Archive>
  void load(Archive& archive) {
    uint32_t index = 0;
    archive(index);
    platform::Handle handle(detail::IncomingHandlesOf(archive.context(), "a Word").Take(index));
    region_ = std::make_shared<platform::SharedRegion>(
        *platform::SharedRegion::Open(std::move(handle), kBytes));
  }

 private:
  std::shared_ptr<platform::SharedRegion> region_;
};

struct Words {
  Word first;
  std::vector<Word> others;
};

int64_t Sum(Word word, Words words) {
  int64_t sum = word.word() + 10 * words.first.word();
  for (const Word& other : words.others) sum += 100 * other.word();
  word.word() = 7;
  return sum;
}

class AttachmentsTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(AttachmentsTest);

TEST_P(AttachmentsTest, Arguments_BringTheirHandlesAlong_AlsoInsideStructs) {
  const Word word(1);
  const Words words{Word(2), {Word(3), Word(4), word}};
  const absl::StatusOr<int64_t> sum = Call(Options(), fn<&Sum>, word, words);
  ASSERT_OK(sum);
  EXPECT_EQ(*sum, 1 + 20 + 300 + 400 + 100);
  EXPECT_EQ(word.word(), 7) << "it is one and the same memory";
}

TEST_P(AttachmentsTest, Result_WithAHandle_IsRefused_AndToldHowItTravels) {
  const absl::StatusOr<Word> word = Call(Options(), [] { return Word(1); });
  EXPECT_THAT(word, IsError(absl::StatusCode::kInvalidArgument, "encode a Word"));
  EXPECT_THAT(word, IsError(absl::StatusCode::kInvalidArgument, "pass it as an argument"));
}

class PlainAttachmentsTest : public tests::LeakFreeTest {};

TEST_F(PlainAttachmentsTest, PlainBytes_CarryNoHandles) {
  EXPECT_THAT(Encode(Word(1)), IsError(absl::StatusCode::kInvalidArgument, "encode a Word"));
  const std::vector<std::byte> bytes(4);
  EXPECT_THAT(Decode<Word>(bytes), IsError(absl::StatusCode::kInvalidArgument, "decode a Word"));
}

TEST_F(PlainAttachmentsTest, Index_ThatIsTakenTwiceOrDoesNotExist_IsDataLoss) {
  const Word word(1);
  std::vector<std::byte> bytes;
  detail::OutgoingHandles outgoing;
  ASSERT_OK(detail::EncodeTo(bytes, word, &outgoing));
  ASSERT_EQ(outgoing.handles().size(), 1U);
  std::vector<std::byte> twice = bytes;
  twice.insert(twice.end(), bytes.begin(), bytes.end());
  detail::IncomingHandles incoming(
      {platform::DuplicateNativeHandle(outgoing.handles()[0])->Release()});
  detail::ByteReader reader(twice);
  EXPECT_OK(detail::DecodeOne<Word>(reader, &incoming));
  EXPECT_THAT(detail::DecodeOne<Word>(reader, &incoming),
              IsError(absl::StatusCode::kDataLoss, "has been taken"));
  detail::IncomingHandles none;
  detail::ByteReader again(bytes);
  EXPECT_THAT(detail::DecodeOne<Word>(again, &none), IsError(absl::StatusCode::kDataLoss, "of the 0"));
}

TEST_F(PlainAttachmentsTest, AddOnce_GivesOneIndexToOneHandle_AddGivesEachItsOwn) {
  detail::OutgoingHandles outgoing;
  EXPECT_EQ(outgoing.AddOnce(10), 0U);
  EXPECT_EQ(outgoing.Add(10), 1U);
  EXPECT_EQ(outgoing.AddOnce(11), 2U);
  EXPECT_EQ(outgoing.AddOnce(10), 0U);
  EXPECT_EQ(outgoing.handles().size(), 3U);
}

// Whatever nobody has taken is closed: the leak check sees.
TEST_F(PlainAttachmentsTest, Handles_ThatNobodyTook_AreClosed) {
  const Word word(1);
  std::vector<std::byte> bytes;
  detail::OutgoingHandles outgoing;
  ASSERT_OK(detail::EncodeTo(bytes, word, &outgoing));
  const auto duplicate = [&] {
    return platform::DuplicateNativeHandle(outgoing.handles()[0])->Release();
  };
  detail::IncomingHandles first({duplicate(), duplicate()});
  detail::IncomingHandles second({duplicate()});
  second = std::move(first);
  const detail::IncomingHandles third(std::move(second));
}

}  // namespace
}  // namespace progeny
