#include "platform/windows/command_line.h"

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "platform/windows/windows_api.h"

#include <shellapi.h>

namespace progeny::platform {
namespace {

// What a program would find as its arguments.
std::vector<std::wstring> Parsed(const std::wstring& line) {
  int count = 0;
  LPWSTR* const arguments = CommandLineToArgvW(line.c_str(), &count);
  std::vector<std::wstring> parsed(arguments, arguments + count);
  LocalFree(arguments);
  return parsed;
}

void ExpectRoundTrip(const std::vector<std::wstring>& arguments) {
  const absl::StatusOr<std::wstring> line = CommandLineFrom(arguments);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(Parsed(*line), arguments);
}

TEST(CommandLine, PlainArguments_StayUnquoted) {
  const absl::StatusOr<std::wstring> line = CommandLineFrom({L"prog", L"-a", L"b=c", L"C:\\x\\"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(*line, L"\"prog\" -a b=c C:\\x\\");
}

TEST(CommandLine, EmptyArguments_Survive) { ExpectRoundTrip({L"prog", L"", L"a", L"", L""}); }

TEST(CommandLine, BlanksOfEveryKind_Survive) {
  ExpectRoundTrip({L"C:\\Program Files\\p.exe", L" ", L"a b", L"\t", L"a\nb", L"a\vb", L" x "});
}

TEST(CommandLine, QuotationMarksAndBackslashes_SurviveInEveryOrder) {
  ExpectRoundTrip({L"prog", L"\"", L"\\", L"\\\\", L"a\\", L"a b\\", L"a b\\\\", L"\\\"", L"\\\\\"",
                   L"a\"b c\\\"d", L"\"\"", L"\" \"", L"\\ \\", L"\"\\"});
}

TEST(CommandLine, CharactersThatShellsTreatSpecially_Survive) {
  ExpectRoundTrip(
      {L"prog", L"%PATH%", L"a&b", L"a|b", L"<>", L"^", L"!", L"*.txt", L"$x", L"'a b'"});
}

TEST(CommandLine, NonAsciiCharacters_Survive) {
  ExpectRoundTrip({L"prog", L"\u00e4\u00f6 \u00fc", L"\u65e5\u672c", L"\U0001f600"});
}

TEST(CommandLine, ProgramNameEndingInBackslash_DoesNotSwallowTheNextArgument) {
  ExpectRoundTrip({L"C:\\some dir\\", L"next"});
}

TEST(CommandLine, RandomArguments_Survive) {
  std::mt19937 random(20261124);
  const std::wstring alphabet = L"\\\\\\\"\" \tab";
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::wstring> arguments{L"prog"};
    for (int i = random() % 4; i >= 0; --i) {
      std::wstring argument;
      for (int c = random() % 8; c > 0; --c) argument += alphabet[random() % alphabet.size()];
      arguments.push_back(argument);
    }
    ExpectRoundTrip(arguments);
  }
}

TEST(CommandLine, ProgramNameWithQuotationMark_IsRefused) {
  EXPECT_EQ(CommandLineFrom({L"a\"b"}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(CommandLine, LongestLine_IsTakenAndOneMoreIsRefused) {
  const std::wstring name = L"p";  // with its quotation marks and the blank: 4 characters
  const size_t room = kLongestCommandLine - 1 - 4;
  EXPECT_TRUE(CommandLineFrom({name, std::wstring(room, L'x')}).ok());
  EXPECT_EQ(CommandLineFrom({name, std::wstring(room + 1, L'x')}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace progeny::platform
