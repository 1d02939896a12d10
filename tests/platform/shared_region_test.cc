// Contracts of platform/shared_region.h and platform/mapped_area.h.
#include "platform/shared_region.h"

#include <algorithm>
#include <cstring>

#include "gtest/gtest.h"
#include "platform/mapped_area.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

using SharedRegionTest = tests::LeakFreeTest;

std::vector<std::byte> Bytes(size_t size, int value) {
  return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

TEST_F(SharedRegionTest, Head_IsZeroed_AndWholePages) {
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(100);
  ASSERT_OK(region);
  EXPECT_GE(region->head_size(), 4096U);
  EXPECT_TRUE(std::all_of(region->head(), region->head() + region->head_size(),
                          [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(SharedRegionTest, SecondHandle_SeesTheSameBytes) {
  absl::StatusOr<SharedRegion> first = SharedRegion::Create(4096);
  ASSERT_OK(first);
  absl::StatusOr<Handle> handle = DuplicateNativeHandle(first->handle());
  ASSERT_OK(handle);
  absl::StatusOr<SharedRegion> second = SharedRegion::Open(*std::move(handle), 4096);
  ASSERT_OK(second);
  ASSERT_NE(first->head(), second->head());
  std::memcpy(first->head() + 100, "seen", 5);
  EXPECT_STREQ(reinterpret_cast<const char*>(second->head() + 100), "seen");
}

TEST_F(SharedRegionTest, Tail_OfManySizes_ComesBack) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{5} << 20U}) {
    absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
    ASSERT_OK(region);
    ASSERT_OK(region->WriteTail(Bytes(size, 7)));
    absl::StatusOr<std::vector<std::byte>> tail = region->ReadTail(size);
    ASSERT_OK(tail);
    EXPECT_EQ(*tail, Bytes(size, 7));
  }
}

TEST_F(SharedRegionTest, Tail_ThatIsShorterThanToldOf_IsDataLoss) {
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
  ASSERT_OK(region);
  EXPECT_THAT(region->ReadTail(1 << 20), tests::IsError(absl::StatusCode::kDataLoss, ""));
  EXPECT_THAT(region->ReadTail(SIZE_MAX), tests::IsError(absl::StatusCode::kDataLoss, ""));
  ASSERT_OK(region->WriteTail(Bytes(100, 1)));
  EXPECT_THAT(region->ReadTail(1 << 20), tests::IsError(absl::StatusCode::kDataLoss, ""));
}

TEST_F(SharedRegionTest, Areas_AreWrittenAgainAndAgain_ApartFromEachOther) {
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
  ASSERT_OK(region);
  using Area = SharedRegion::Area;
  for (size_t size : {size_t{5} << 20U, size_t{1}, size_t{0}, size_t{70000}, size_t{6} << 20U}) {
    ASSERT_OK(region->WriteArea(Area::kFirst, Bytes(size, 7)));
    ASSERT_OK(region->WriteArea(Area::kSecond, Bytes(size + 1, 8)));
    absl::StatusOr<std::vector<std::byte>> first = region->ReadArea(Area::kFirst, size);
    absl::StatusOr<std::vector<std::byte>> second = region->ReadArea(Area::kSecond, size + 1);
    ASSERT_OK(first);
    ASSERT_OK(second);
    EXPECT_EQ(*first, Bytes(size, 7));
    EXPECT_EQ(*second, Bytes(size + 1, 8));
    region->ReleaseArea(Area::kFirst, size);
  }
}

TEST_F(SharedRegionTest, MappedAreas_ShowWhatIsWritten_AndMoreThanThereIsIsDataLoss) {
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
  ASSERT_OK(region);
  if (!MappedArea::CanMap(*region)) GTEST_SKIP() << "areas are copied on this system";
  using Area = SharedRegion::Area;
  MappedArea writer;
  MappedArea reader;
  EXPECT_THAT(reader.Show(*region, Area::kFourth, 1), tests::IsError(absl::StatusCode::kDataLoss, ""));
  size_t reserved = 0;
  for (size_t size : {size_t{70'000}, size_t{1}, size_t{5} << 20U}) {
    ASSERT_OK(writer.Reserve(*region, Area::kFourth, size, reserved));
    reserved = writer.size();
    ASSERT_GE(reserved, size);
    std::memset(writer.data(), 7, size);
    ASSERT_OK(reader.Show(*region, Area::kFourth, size));
    EXPECT_EQ(std::vector<std::byte>(reader.data(), reader.data() + size), Bytes(size, 7));
  }
  EXPECT_THAT(reader.Show(*region, Area::kFourth, size_t{1} << 30U), tests::IsError(absl::StatusCode::kDataLoss, ""));
  EXPECT_THAT(writer.Reserve(*region, Area::kFourth, SIZE_MAX, reserved),
              tests::IsError(absl::StatusCode::kResourceExhausted, ""));
  // Given back, it is there again when it is asked for.
  region->ReleaseArea(Area::kFourth, reserved);
  EXPECT_EQ(reader.data()[0], std::byte{0});
  ASSERT_OK(writer.Reserve(*region, Area::kFourth, 100, 0));
  writer.data()[99] = std::byte{1};
  EXPECT_EQ(reader.data()[99], std::byte{1});
}

TEST_F(SharedRegionTest, Move_TakesTheMappingAlong) {
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
  ASSERT_OK(region);
  std::byte* head = region->head();
  SharedRegion moved = *std::move(region);
  EXPECT_EQ(moved.head(), head);
  EXPECT_FALSE(region->valid());
}

}  // namespace
}  // namespace progeny::platform
