#include "platform/image.h"

#include <atomic>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/image_file.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

#include <psapi.h>

namespace progeny::platform {
namespace {

// Local atoms are a table of this process alone, which every module in it sees by name.
constexpr wchar_t kGuardAtom[] = L"progeny main guard";

HMODULE ModuleOf(const void* address) {
  HMODULE module = nullptr;
  constexpr DWORD kFlags =
      GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (!GetModuleHandleExW(kFlags, static_cast<LPCWSTR>(address), &module)) return nullptr;
  return module;
}

std::vector<HMODULE> LoadedModules() {
  std::vector<HMODULE> modules(64);
  for (;;) {
    const DWORD room = static_cast<DWORD>(modules.size() * sizeof(HMODULE));
    DWORD needed = 0;
    if (!EnumProcessModules(GetCurrentProcess(), modules.data(), room, &needed)) return {};
    modules.resize(needed / sizeof(HMODULE));
    if (needed <= room) return modules;
  }
}

HMODULE LoadedModuleWith(const std::string& build_id) {
  const HMODULE program = GetModuleHandleW(nullptr);
  if (BuildIdAt(program) == build_id) return program;
  for (HMODULE module : LoadedModules()) {
    if (BuildIdAt(module) == build_id) return module;
  }
  return nullptr;
}

absl::Status OtherBuild(const ImageAddress& wanted, const std::string& found) {
  return absl::FailedPreconditionError(
      absl::StrCat("find an entry in image '", wanted.path, "': the parent has build ",
                   wanted.build_id, ", this process has build ",
                   found.empty() ? "(no build id)" : found,
                   "; start parent and child from the same build"));
}

absl::StatusOr<HMODULE> Load(const ImageAddress& address) {
  // A program can't be loaded into another one.
  if (address.main_program) return OtherBuild(address, BuildIdAt(GetModuleHandleW(nullptr)));
  const absl::StatusOr<std::wstring> path = WidePath(address.path);
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> found = BuildIdOfFile(*path);
  if (!found.ok()) return found.status();
  if (*found != address.build_id) return OtherBuild(address, *found);
  const HMODULE module = LoadLibraryExW(path->c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (module == nullptr) return LastOsError("load", address.path);
  // Asked again of what has really been loaded: the file may have been replaced in between.
  if (const std::string loaded = BuildIdAt(module); loaded != address.build_id) {
    return OtherBuild(address, loaded);
  }
  return module;
}

}  // namespace

absl::StatusOr<ImageAddress> FindImage(const void* address) {
  const HMODULE module = ModuleOf(address);
  if (module == nullptr) {
    return absl::NotFoundError("find the image of an address: it lies in no loaded image");
  }
  ImageAddress found;
  found.path = Utf8FromWide(PathOfModule(module));
  found.build_id = BuildIdAt(module);
  if (found.build_id.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "identify the image '", found.path,
        "': it carries no build id and no time stamp; link it with -Wl,--build-id or /DEBUG"));
  }
  found.main_program = module == GetModuleHandleW(nullptr);
  found.offset = static_cast<uint64_t>(static_cast<const std::byte*>(address) -
                                       reinterpret_cast<const std::byte*>(module));
  return found;
}

absl::StatusOr<const void*> ResolveImage(const ImageAddress& address, size_t size) {
  if (address.build_id.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("find code in '", address.path, "': no build id is given"));
  }
  HMODULE module = LoadedModuleWith(address.build_id);
  if (module == nullptr) {
    const absl::StatusOr<HMODULE> loaded = Load(address);
    if (!loaded.ok()) return loaded.status();
    module = *loaded;
  }
  if (!IsReadableSection(module, address.offset, size)) {
    return absl::DataLossError(absl::StrCat("find code in '", address.path, "': offset ",
                                            address.offset, " lies outside of its sections"));
  }
  return reinterpret_cast<const std::byte*>(module) + address.offset;
}

std::string ProgramPath() { return Utf8FromWide(PathOfModule(nullptr)); }

void PublishGuard() {
  if (!GuardPublished()) AddAtomW(kGuardAtom);
}

bool GuardPublished() {
  static std::atomic<bool> seen{false};
  if (seen.load(std::memory_order_relaxed)) return true;
  if (FindAtomW(kGuardAtom) == 0) return false;
  seen.store(true, std::memory_order_relaxed);
  return true;
}

}  // namespace progeny::platform
