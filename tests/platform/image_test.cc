// Contract of platform/image.h.
#include "platform/image.h"

#include <memory>

#include "gtest/gtest.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

const uint64_t kPlace = 0x1234567890abcdef;

TEST(ImageTest, Address_IsFoundAgain_ByBuildAndOffset) {
  absl::StatusOr<ImageAddress> address = FindImage(&kPlace);
  ASSERT_OK(address);
  EXPECT_TRUE(address->main_program);
  EXPECT_FALSE(address->build_id.empty());
  EXPECT_FALSE(address->path.empty());
  absl::StatusOr<const void*> found = ResolveImage(*address, sizeof kPlace);
  ASSERT_OK(found);
  EXPECT_EQ(*found, &kPlace);
}

TEST(ImageTest, AddressOutsideOfEveryImage_IsNotFound) {
  const auto on_the_heap = std::make_unique<int>(1);
  EXPECT_THAT(FindImage(on_the_heap.get()), tests::IsError(absl::StatusCode::kNotFound, ""));
}

TEST(ImageTest, OffsetOutsideOfTheImage_IsDataLoss) {
  absl::StatusOr<ImageAddress> address = FindImage(&kPlace);
  ASSERT_OK(address);
  for (uint64_t offset : {uint64_t{1} << 40U, UINT64_MAX - 4, UINT64_MAX}) {
    address->offset = offset;
    EXPECT_THAT(ResolveImage(*address, 16), tests::IsError(absl::StatusCode::kDataLoss, ""));
  }
}

TEST(ImageTest, AnotherBuildOfTheProgram_IsRefused_NamingBoth) {
  absl::StatusOr<ImageAddress> address = FindImage(&kPlace);
  ASSERT_OK(address);
  const std::string own = address->build_id;
  address->build_id = "00112233445566778899aabbccddeeff";
  const absl::Status refused = ResolveImage(*address, 8).status();
  EXPECT_THAT(refused, tests::IsError(absl::StatusCode::kFailedPrecondition, own));
  EXPECT_THAT(refused, tests::IsError(absl::StatusCode::kFailedPrecondition, address->build_id));
}

TEST(ImageTest, AnImageThatIsGone_IsAnErrorThatNamesIt) {
  absl::StatusOr<ImageAddress> address = FindImage(&kPlace);
  ASSERT_OK(address);
  address->build_id = "00112233445566778899aabbccddeeff";
  address->main_program = false;
  address->path = "/no/such/plugin";
  EXPECT_THAT(ResolveImage(*address, 8), tests::IsError(absl::StatusCode::kNotFound, "plugin"));
}

}  // namespace
}  // namespace progeny::platform
