#include "platform/windows/utf.h"

#include <string>

#include "gtest/gtest.h"

namespace progeny::platform {
namespace {

TEST(Utf, EveryPlane_SurvivesBothWays) {
  const std::string text = "a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80";
  const absl::StatusOr<std::wstring> wide = WideFromUtf8(text, "text");
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_EQ(*wide, L"a\u00e4\u65e5\U0001f600");
  EXPECT_EQ(Utf8FromWide(*wide), text);
}

TEST(Utf, EmptyText_IsEmpty) {
  EXPECT_EQ(*WideFromUtf8("", "text"), L"");
  EXPECT_EQ(Utf8FromWide(L""), "");
}

TEST(Utf, BrokenUtf8AndNul_AreRefusedByName) {
  for (const std::string& text :
       {std::string("\xff"), std::string("a\xc3"), std::string("a\0b", 3)}) {
    const absl::StatusOr<std::wstring> wide = WideFromUtf8(text, "an argument");
    EXPECT_EQ(wide.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(wide.status().message().find("an argument"), std::string::npos);
  }
}

TEST(Utf, LoneSurrogate_BecomesTheReplacementCharacter) {
  EXPECT_EQ(Utf8FromWide(std::wstring(1, static_cast<wchar_t>(0xd800))), "\xef\xbf\xbd");
}

TEST(Utf, ShortPath_StaysAsItIs) { EXPECT_EQ(*WidePath("some/file"), L"some/file"); }

TEST(Utf, LongPath_GetsThePrefixThatLiftsTheLimit) {
  const std::string component(100, 'x');
  const absl::StatusOr<std::wstring> wide =
      WidePath("C:/" + component + "/" + component + "/./" + component);
  ASSERT_TRUE(wide.ok()) << wide.status();
  const std::wstring part(100, L'x');
  EXPECT_EQ(*wide, L"\\\\?\\C:\\" + part + L"\\" + part + L"\\" + part);
}

}  // namespace
}  // namespace progeny::platform
