#include "support/temp_dir.h"

#include <atomic>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "progeny/this_process.h"

namespace progeny::tests {

std::string Utf8(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return std::string(text.begin(), text.end());
}

std::filesystem::path FromUtf8(const std::string& path) {
  return std::filesystem::path(std::u8string(path.begin(), path.end()));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(FromUtf8(path), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(FromUtf8(path), std::ios::binary) << text;
}

TempDir::TempDir() {
  static std::atomic<int> count{0};
  const std::string name =
      absl::StrCat("progeny t\xc3\xabst ", this_process::id(), "-", count.fetch_add(1));
  path_ = std::filesystem::temp_directory_path() / FromUtf8(name);
  std::filesystem::create_directories(path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace progeny::tests
