// Windows has no name for "the image that is running" that could be started again, only paths. The
// kernel's path follows renames, the loader's is the one of the start. Either may by now hold
// another build (renamed away and replaced, the way updaters do it), so it is looked at first.
#include "platform/windows/own_image.h"

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/image_file.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

std::wstring PathByKernel() {
  std::wstring path(32768, L'\0');
  DWORD length = static_cast<DWORD>(path.size());
  if (!QueryFullProcessImageNameW(GetCurrentProcess(), 0, path.data(), &length)) return {};
  path.resize(length);
  return path;
}

absl::Status CheckIsOwnBuild(const std::wstring& path) {
  const std::string own = BuildIdAt(GetModuleHandleW(nullptr));
  const absl::StatusOr<std::string> found = BuildIdOfFile(path);
  if (!found.ok()) return found.status();
  if (*found == own) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("start this program again: '", Utf8FromWide(path),
                   "' holds another build by now (", *found, ", this one is ", own,
                   "); keep the old file under a new name, or restart the program"));
}

}  // namespace

absl::StatusOr<std::wstring> OwnImagePath() {
  std::wstring by_kernel = PathByKernel();
  if (!by_kernel.empty() && CheckIsOwnBuild(by_kernel).ok()) return by_kernel;
  std::wstring by_loader = PathOfModule(nullptr);
  if (absl::Status own = CheckIsOwnBuild(by_loader); !own.ok()) return own;
  return by_loader;
}

}  // namespace progeny::platform
