#include "platform/windows/image_file.h"

#include <cstdio>
#include <fstream>

#include "gtest/gtest.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

const int kConstant = 42;

uint64_t OffsetOf(const void* address) {
  return reinterpret_cast<uintptr_t>(address) -
         reinterpret_cast<uintptr_t>(GetModuleHandleW(nullptr));
}

TEST(ImageFile, BuildIdInMemoryAndInTheFile_AreTheSame) {
  const std::string in_memory = BuildIdAt(GetModuleHandleW(nullptr));
  EXPECT_FALSE(in_memory.empty());
  const absl::StatusOr<std::string> in_file = BuildIdOfFile(PathOfModule(nullptr));
  ASSERT_TRUE(in_file.ok()) << in_file.status();
  EXPECT_EQ(*in_file, in_memory);
}

TEST(ImageFile, DifferentImages_HaveDifferentBuildIds) {
  EXPECT_NE(BuildIdAt(GetModuleHandleW(nullptr)), BuildIdAt(GetModuleHandleW(L"kernel32.dll")));
}

TEST(ImageFile, MissingFile_IsNotFound) {
  EXPECT_EQ(BuildIdOfFile(L"C:\\no such file.dll").status().code(), absl::StatusCode::kNotFound);
}

TEST(ImageFile, FileThatIsNoImage_IsAnErrorValue) {
  const std::string path = testing::TempDir() + "no_image.dll";
  std::ofstream(path) << "MZ but nothing else";
  EXPECT_FALSE(BuildIdOfFile(std::wstring(path.begin(), path.end())).ok());
  std::remove(path.c_str());
}

TEST(ImageFile, ConstantOfThisProgram_LiesInAReadableSection) {
  EXPECT_TRUE(IsReadableSection(GetModuleHandleW(nullptr), OffsetOf(&kConstant), sizeof(int)));
}

TEST(ImageFile, OffsetsOutsideOfSections_AreRefused) {
  const void* const image = GetModuleHandleW(nullptr);
  EXPECT_FALSE(IsReadableSection(image, 0, 4));  // the headers
  EXPECT_FALSE(IsReadableSection(image, uint64_t{1} << 31, 4));
  EXPECT_FALSE(IsReadableSection(image, ~uint64_t{0}, 4));
  EXPECT_FALSE(IsReadableSection(image, OffsetOf(&kConstant), size_t{1} << 31));
  EXPECT_FALSE(IsReadableSection(image, OffsetOf(&kConstant), ~size_t{0}));
}

}  // namespace
}  // namespace progeny::platform
