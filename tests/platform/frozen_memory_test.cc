// Contract of platform/frozen_memory.h, in one process; what children see is tests/lib/cow_test.cc.
#include "platform/frozen_memory.h"

#include <cstring>

#include "gtest/gtest.h"
#include "platform/host.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

using tests::IsError;
using Memory = std::unique_ptr<FrozenMemory>;

constexpr size_t kSize = size_t{1} << 20;

absl::StatusOr<Memory> Reserve(FrozenMemoryRequest request) {
  const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
  return FrozenMemory::Reserve(request);
}
absl::StatusOr<Memory> Map(const FrozenMemory& memory, const FrozenPlace& place) {
  const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
  return FrozenMemory::Map(*DuplicateNativeHandle(memory.handle()), place);
}
void Release(Memory& memory) {
  const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
  memory.reset();
}

// Frozen, with `bytes` of a pattern.
Memory Frozen(size_t bytes) {
  Memory memory = *Reserve({.reserve = kSize});
  EXPECT_OK(memory->Extend(bytes));
  std::memset(memory->content(), 7, bytes);
  EXPECT_OK(memory->Freeze(bytes));
  return memory;
}

TEST(FrozenMemory, Content_IsZeroed_GrowsInSteps_AndKeepsWhatItHolds) {
  Memory memory = *Reserve({.reserve = kSize});
  ASSERT_OK(memory->Extend(10));
  memory->content()[9] = std::byte{5};
  ASSERT_OK(memory->Extend(300'000));
  EXPECT_EQ(memory->content()[299'999], std::byte{0});
  ASSERT_OK(memory->Freeze(200'000));
  EXPECT_EQ(memory->content()[9], std::byte{5});
  EXPECT_EQ(memory->content()[199'999], std::byte{0});
  EXPECT_GE(memory->place().frozen, 200'000U);
  EXPECT_LT(memory->place().frozen, 300'000U) << "what was not used is given back";
  Release(memory);
}

TEST(FrozenMemory, MoreThanTheReservation_IsResourceExhausted) {
  Memory memory = *Reserve({.reserve = kSize});
  EXPECT_THAT(memory->Extend(2 * kSize), IsError(absl::StatusCode::kResourceExhausted, "reservation"));
  Release(memory);
}

TEST(FrozenMemory, Nothing_CanBeFrozenAsWell) {
  Memory memory = *Reserve({});
  EXPECT_OK(memory->Freeze(0));
  Release(memory);
}

TEST(FrozenMemory, AddressThatIsTaken_IsPassedOver) {
  Memory first = *Reserve({.reserve = kSize});
  const uint64_t taken = first->place().address;
  Memory second = *Reserve({.reserve = kSize, .first_try = taken});
  EXPECT_NE(second->place().address, taken);
  // Its end, too, may lie in the way.
  Memory third = *Reserve({.reserve = kSize, .first_try = taken - kFrozenUnit});
  EXPECT_NE(third->place().address, taken - kFrozenUnit);
  EXPECT_THAT(Reserve({.reserve = kSize, .first_try = taken, .most_tries = 1}),
              IsError(absl::StatusCode::kResourceExhausted, "in 1 tries"));
  for (Memory* memory : {&first, &second, &third}) Release(*memory);
}

TEST(FrozenMemory, Map_WhereSomethingLies_IsFailedPrecondition_AndLeavesThatAlone) {
  Memory memory = Frozen(100'000);
  EXPECT_THAT(Map(*memory, memory->place()), IsError(absl::StatusCode::kFailedPrecondition, "lies in the way"));
  EXPECT_EQ(memory->content()[99'999], std::byte{7});
  Release(memory);
}

TEST(FrozenMemory, Map_AfterTheFirstViewIsGone_FindsTheFrozenBytes) {
  Memory memory = Frozen(100'000);
  const FrozenPlace place = memory->place();
  {
    const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
    ASSERT_OK(memory->MakeWritable());
  }
  memory->content()[0] = std::byte{8};
  Handle handle = *DuplicateNativeHandle(memory->handle());
  Release(memory);
  absl::StatusOr<Memory> again = [&] {
    const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
    return FrozenMemory::Map(std::move(handle), place);
  }();
  ASSERT_OK(again);
  EXPECT_EQ((*again)->content()[0], std::byte{7});
  EXPECT_EQ((*again)->content()[99'999], std::byte{7});
  Release(*again);
}

TEST(FrozenMemory, Map_OfAGarbledPlace_IsDataLoss) {
  Memory memory = Frozen(100'000);
  const FrozenPlace right = memory->place();
  for (FrozenPlace wrong : {FrozenPlace{right.address + 1, right.reserved, right.frozen},
                            FrozenPlace{right.address, right.reserved, 0},
                            FrozenPlace{right.address, right.reserved, right.frozen + 1},
                            FrozenPlace{right.address, right.frozen, right.frozen},
                            FrozenPlace{right.address, 0, right.frozen}}) {
    EXPECT_THAT(Map(*memory, wrong), IsError(absl::StatusCode::kDataLoss, ""));
  }
  Release(memory);
}

TEST(FrozenMemory, CopiedBytes_AreThePagesThatWereWritten) {
  const auto page = static_cast<size_t>(PageSize());
  Memory memory = Frozen(16 * page);
  EXPECT_EQ(*memory->CopiedBytes(), 0);
  {
    const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
    ASSERT_OK(memory->MakeWritable());
    ASSERT_OK(memory->MakeWritable());
  }
  EXPECT_EQ(*memory->CopiedBytes(), 0);
  for (size_t i : {size_t{0}, size_t{1}, size_t{15}}) memory->content()[i * page] = std::byte{1};
  EXPECT_EQ(*memory->CopiedBytes(), 3 * PageSize());
  Release(memory);
}

TEST(FrozenMemory, PrivatePart_GivesAlignedMemory_UntilTheReservationEnds) {
  Memory memory = Frozen(100'000);
  const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
  auto* small = static_cast<char*>(memory->AllocatePrivate(3, 1));
  auto* aligned = static_cast<char*>(memory->AllocatePrivate(64, 4096));
  ASSERT_NE(small, nullptr);
  ASSERT_NE(aligned, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned) % 4096, 0U);
  std::memset(small, 1, 3);
  std::memset(aligned, 2, 64);
  EXPECT_EQ(small[2], 1);
  EXPECT_EQ(memory->AllocatePrivate(kSize, 1), nullptr);
  EXPECT_NE(memory->AllocatePrivate(kSize / 2, 1), nullptr) << "a refusal takes nothing";
  memory.reset();
}

}  // namespace
}  // namespace progeny::platform
