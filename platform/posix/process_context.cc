#include "platform/posix/process_context.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"

extern "C" char** environ;  // POSIX declares it nowhere

namespace progeny::platform {
namespace {

std::vector<absl::string_view> Entries(absl::string_view block) {
  std::vector<absl::string_view> entries;
  while (!block.empty()) {
    const size_t end = std::min(block.find('\0'), block.size());
    entries.push_back(block.substr(0, end));
    block.remove_prefix(std::min(end + 1, block.size()));
  }
  return entries;
}

// "NAME=", or all of it where there is no '='.
absl::string_view NameOf(absl::string_view entry) {
  const size_t equals = entry.find('=');
  return equals == absl::string_view::npos ? entry : entry.substr(0, equals + 1);
}

bool HasName(const std::vector<absl::string_view>& entries, absl::string_view name) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](absl::string_view e) { return absl::StartsWith(e, name); });
}

}  // namespace

std::string EnvironmentBlock() {
  std::string block;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    block.append(*entry, std::strlen(*entry) + 1);
  }
  return block;
}

std::string EnvironmentBlock(const std::vector<std::string>& entries) {
  std::string block;
  for (const std::string& entry : entries) block.append(entry.c_str(), entry.size() + 1);
  return block;
}

DirectoryId CurrentDirectory() {
  struct stat info {};
  if (stat(".", &info) != 0) return {};
  return {static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino)};
}

EnvironmentDifference DifferenceBetween(absl::string_view before, absl::string_view after) {
  EnvironmentDifference difference;
  if (before == after) return difference;
  const std::vector<absl::string_view> old_entries = Entries(before);
  const std::vector<absl::string_view> new_entries = Entries(after);
  for (absl::string_view entry : new_entries) {
    if (std::find(old_entries.begin(), old_entries.end(), entry) == old_entries.end()) {
      difference.set.emplace_back(entry);
    }
  }
  for (absl::string_view entry : old_entries) {
    if (!HasName(new_entries, NameOf(entry))) difference.unset.emplace_back(NameOf(entry));
  }
  return difference;
}

void BecomeEnvironment(absl::string_view block, const EnvironmentDifference& difference) {
  std::vector<std::string> entries;
  for (absl::string_view entry : Entries(block)) {
    const auto replaced = [&](const std::string& by) { return absl::StartsWith(entry, NameOf(by)); };
    if (std::any_of(difference.set.begin(), difference.set.end(), replaced)) continue;
    if (std::any_of(difference.unset.begin(), difference.unset.end(), replaced)) continue;
    entries.emplace_back(entry);
  }
  entries.insert(entries.end(), difference.set.begin(), difference.set.end());
  auto& kept = *new std::vector<std::string>(std::move(entries));
  auto& pointers = *new std::vector<char*>;
  pointers.reserve(kept.size() + 1);
  for (std::string& entry : kept) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  environ = pointers.data();
}

}  // namespace progeny::platform
