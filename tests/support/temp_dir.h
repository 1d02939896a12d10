// A folder of its own for one test, with blanks and letters beyond ASCII in its name; gone with it.
#ifndef PROGENY_TESTS_SUPPORT_TEMP_DIR_H_
#define PROGENY_TESTS_SUPPORT_TEMP_DIR_H_

#include <filesystem>
#include <string>

namespace progeny::tests {

// UTF-8, as progeny takes paths.
std::string Utf8(const std::filesystem::path& path);
std::filesystem::path FromUtf8(const std::string& path);

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string path() const { return Utf8(path_); }
  std::string File(const std::string& name) const { return Utf8(path_ / FromUtf8(name)); }

 private:
  std::filesystem::path path_;
};

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_TEMP_DIR_H_
