#include "platform/windows/image_file.h"

#include <cstring>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "platform/error.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

// The debug directory's entry that linkers write a build's identity into.
struct CodeViewRecord {
  char signature[4];  // "RSDS"
  char guid[16];
  uint32_t age;
};

const IMAGE_NT_HEADERS* HeadersAt(const std::byte* base) {
  const auto* dos = reinterpret_cast<const IMAGE_DOS_HEADER*>(base);
  if (dos->e_magic != IMAGE_DOS_SIGNATURE) return nullptr;
  const auto* headers = reinterpret_cast<const IMAGE_NT_HEADERS*>(base + dos->e_lfanew);
  return headers->Signature == IMAGE_NT_SIGNATURE ? headers : nullptr;
}

bool InImage(const IMAGE_NT_HEADERS& headers, uint64_t offset, uint64_t size) {
  const uint64_t limit = headers.OptionalHeader.SizeOfImage;
  return offset <= limit && size <= limit - offset;
}

std::string LinkerId(const std::byte* base, const IMAGE_NT_HEADERS& headers) {
  const IMAGE_DATA_DIRECTORY& debug =
      headers.OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_DEBUG];
  if (!InImage(headers, debug.VirtualAddress, debug.Size)) return {};
  const auto* entry = reinterpret_cast<const IMAGE_DEBUG_DIRECTORY*>(base + debug.VirtualAddress);
  for (size_t left = debug.Size / sizeof(*entry); left > 0; --left, ++entry) {
    if (entry->Type != IMAGE_DEBUG_TYPE_CODEVIEW || entry->AddressOfRawData == 0 ||
        entry->SizeOfData < sizeof(CodeViewRecord) ||
        !InImage(headers, entry->AddressOfRawData, sizeof(CodeViewRecord))) {
      continue;
    }
    CodeViewRecord record;
    std::memcpy(&record, base + entry->AddressOfRawData, sizeof(record));
    if (std::memcmp(record.signature, "RSDS", sizeof(record.signature)) != 0) continue;
    return absl::BytesToHexString({record.guid, sizeof(record.guid)}) +
           absl::StrFormat("%08x", record.age);
  }
  return {};
}

class MappedImage {
 public:
  static absl::StatusOr<MappedImage> Open(const std::wstring& path) {
    const std::string name = Utf8FromWide(path);
    const HANDLE opened = CreateFileW(path.c_str(), GENERIC_READ,
                                      FILE_SHARE_READ | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                                      FILE_ATTRIBUTE_NORMAL, nullptr);
    if (opened == INVALID_HANDLE_VALUE) return LastOsError("open image", name);
    const Handle file(FromHandle(opened));
    const Handle section(FromHandle(CreateFileMappingW(ToHandle(file.get()), nullptr,
                                                       PAGE_READONLY | SEC_IMAGE, 0, 0, nullptr)));
    if (!section.valid()) return LastOsError("read image", name);
    const void* base = MapViewOfFile(ToHandle(section.get()), FILE_MAP_READ, 0, 0, 0);
    if (base == nullptr) return LastOsError("map image", name);
    return MappedImage(base);
  }
  MappedImage(MappedImage&& other) noexcept : base_(std::exchange(other.base_, nullptr)) {}
  MappedImage& operator=(MappedImage&&) = delete;
  ~MappedImage() {
    if (base_ != nullptr) UnmapViewOfFile(base_);
  }
  const void* base() const { return base_; }

 private:
  explicit MappedImage(const void* base) : base_(base) {}
  const void* base_;
};

bool IsReadable(const std::byte* data, uint64_t size) {
  constexpr DWORD kReadable = PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READ |
                              PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
  const std::byte* const end = data + size;
  while (data < end) {
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery(data, &info, sizeof(info)) == 0 || info.State != MEM_COMMIT ||
        (info.Protect & kReadable) == 0 || (info.Protect & PAGE_GUARD) != 0) {
      return false;
    }
    data = static_cast<const std::byte*>(info.BaseAddress) + info.RegionSize;
  }
  return true;
}

}  // namespace

std::string BuildIdAt(const void* base) {
  const auto* bytes = static_cast<const std::byte*>(base);
  const IMAGE_NT_HEADERS* headers = HeadersAt(bytes);
  if (headers == nullptr) return {};
  std::string id = LinkerId(bytes, *headers);
  if (!id.empty()) return id;
  if (headers->FileHeader.TimeDateStamp == 0) return {};
  return absl::StrFormat("%08x%08x%08x", headers->FileHeader.TimeDateStamp,
                         headers->OptionalHeader.CheckSum, headers->OptionalHeader.SizeOfImage);
}

absl::StatusOr<std::string> BuildIdOfFile(const std::wstring& path) {
  const absl::StatusOr<MappedImage> image = MappedImage::Open(path);
  if (!image.ok()) return image.status();
  return BuildIdAt(image->base());
}

bool IsReadableSection(const void* base, uint64_t offset, size_t size) {
  const auto* bytes = static_cast<const std::byte*>(base);
  const IMAGE_NT_HEADERS* headers = HeadersAt(bytes);
  if (headers == nullptr || !InImage(*headers, offset, size)) return false;
  const IMAGE_SECTION_HEADER* section = IMAGE_FIRST_SECTION(headers);
  for (WORD left = headers->FileHeader.NumberOfSections; left > 0; --left, ++section) {
    const uint64_t start = section->VirtualAddress;
    const uint64_t end = start + section->Misc.VirtualSize;
    if (offset >= start && offset < end && size <= end - offset) {
      return IsReadable(bytes + offset, size);
    }
  }
  return false;
}

std::wstring PathOfModule(void* module) {
  std::wstring path(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetModuleFileNameW(static_cast<HMODULE>(module), path.data(),
                                            static_cast<DWORD>(path.size()));
    if (length < path.size()) {
      path.resize(length);
      return path;
    }
    path.resize(2 * path.size());
  }
}

}  // namespace progeny::platform
