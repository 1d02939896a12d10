#include "platform/windows/hand_over.h"

#include <atomic>
#include <cstring>
#include <cwchar>
#include <utility>

#include "absl/base/casts.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "platform/error.h"
#include "platform/launch.h"
#include "platform/windows/child_life.h"
#include "platform/windows/command_line_cut.h"
#include "platform/windows/create_process.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr wchar_t kMark[] = L" --progeny-child=";
constexpr size_t kMarkLength = std::size(kMark) - 1;
constexpr size_t kDigits = 16;
constexpr size_t kTokenLength = kMarkLength + kDigits + 1 + kDigits;

// The token at the end of the command line, leading space included; empty if there is none.
std::wstring_view TokenIn(std::wstring_view command_line) {
  if (command_line.size() < kTokenLength) return {};
  const std::wstring_view tail = command_line.substr(command_line.size() - kTokenLength);
  return tail.starts_with(kMark) && tail[kMarkLength + kDigits] == L':' ? tail
                                                                        : std::wstring_view();
}

std::optional<uint64_t> HexAt(std::wstring_view token, size_t at) {
  uint64_t value = 0;
  for (const wchar_t c : token.substr(at, kDigits)) {
    const bool letter = c >= L'a' && c <= L'f';
    if (!letter && (c < L'0' || c > L'9')) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(letter ? c - L'a' + 10 : c - L'0');
  }
  return value;
}

absl::Status Garbled(absl::string_view why) {
  return absl::DataLossError(absl::StrFormat("take the hand-over of this child: %s", why));
}

// Owner of the mapped section until the payload is handed out.
class MappedHandOver {
 public:
  explicit MappedHandOver(NativeHandle section)
      : view_(MapViewOfFile(ToHandle(section), FILE_MAP_READ, 0, 0, 0)) {}
  MappedHandOver(const MappedHandOver&) = delete;
  MappedHandOver& operator=(const MappedHandOver&) = delete;
  ~MappedHandOver() {
    if (view_ != nullptr) UnmapViewOfFile(view_);
  }

  absl::Status Check(uint64_t nonce) const {
    MEMORY_BASIC_INFORMATION info;
    if (view_ == nullptr || VirtualQuery(view_, &info, sizeof(info)) == 0) {
      return Garbled("its section can't be mapped");
    }
    if (header().magic != kHandOverMagic || header().nonce != nonce) {
      return Garbled("the section holds something else");
    }
    if (header().check != HandOverCheck(header())) return Garbled("the header is damaged");
    const uint64_t room = info.RegionSize - sizeof(HandOverHeader);
    if (header().payload_size > room ||
        header().attached_count > (room - header().payload_size) / sizeof(int64_t)) {
      return Garbled("the payload is truncated");
    }
    return absl::OkStatus();
  }

  const HandOverHeader& header() const { return *static_cast<const HandOverHeader*>(view_); }

  int64_t attached(uint64_t index) const {
    const std::byte* values =
        static_cast<const std::byte*>(view_) + sizeof(HandOverHeader) + header().payload_size;
    int64_t value = 0;  // not aligned there
    std::memcpy(&value, values + index * sizeof value, sizeof value);
    return value;
  }

  HandOverBytes Release() {
    const size_t size = header().payload_size;
    const auto* data = static_cast<const std::byte*>(std::exchange(view_, nullptr));
    return HandOverBytes(data + sizeof(HandOverHeader), size);
  }

 private:
  const void* view_;
};

// Inherited handles are inheritable: without this every grandchild of foreign code had them too.
Handle TakeInherited(int64_t value) {
  Handle handle(static_cast<NativeHandle>(value));
  if (handle.valid()) SetHandleInformation(ToHandle(handle.get()), HANDLE_FLAG_INHERIT, 0);
  return handle;
}

// Written once, by TakeHandOver; kept until the process ends.
std::atomic<NativeHandle> parent_process{kNoHandle};

absl::StatusOr<HandOver> Take(NativeHandle section_value, uint64_t nonce, size_t slot_bytes) {
  MappedHandOver mapped(section_value);
  if (absl::Status checked = mapped.Check(nonce); !checked.ok()) return checked;
  CloseNativeHandle(section_value);  // not before: until then it may have been anybody's
  HandOver hand_over;
  Handle slot = TakeInherited(mapped.header().slot);
  Handle interrupt = TakeInherited(mapped.header().interrupt);
  parent_process.store(TakeInherited(mapped.header().parent).Release());
  for (uint64_t i = 0; i < mapped.header().attached_count; ++i) {
    hand_over.attached.push_back(TakeInherited(mapped.attached(i)));
  }
  if (slot.valid()) {
    absl::StatusOr<SharedRegion> region = SharedRegion::Open(std::move(slot), slot_bytes);
    if (!region.ok()) return region.status();
    hand_over.slot = *std::move(region);
  }
  if (absl::Status listening = ListenForInterrupts(std::move(interrupt), hand_over.slot.head());
      !listening.ok()) {
    return listening;
  }
  hand_over.payload = mapped.Release();
  return hand_over;
}

}  // namespace

uint64_t HandOverCheck(const HandOverHeader& header) {
  uint64_t check = 0x9e3779b97f4a7c15;
  for (uint64_t word : {header.magic, header.nonce, header.payload_size,
                        absl::bit_cast<uint64_t>(header.slot),
                        absl::bit_cast<uint64_t>(header.interrupt),
                        absl::bit_cast<uint64_t>(header.parent), header.attached_count}) {
    check = (check ^ word) * 0x100000001b3;
  }
  return check;
}

std::wstring HandOverToken(NativeHandle section, uint64_t nonce) {
  const std::string values = absl::StrFormat("%016x:%016x", static_cast<uint64_t>(section), nonce);
  return kMark + std::wstring(values.begin(), values.end());
}

absl::StatusOr<Handle> WriteHandOver(HandOverHeader header, absl::Span<const std::byte> payload,
                                     absl::Span<const Handle> attached) {
  header.magic = kHandOverMagic;
  header.payload_size = payload.size();
  header.attached_count = attached.size();
  header.check = HandOverCheck(header);
  const uint64_t total = sizeof(header) + payload.size() + attached.size() * sizeof(int64_t);
  const Handle section(FromHandle(
      CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE,
                         static_cast<DWORD>(total >> 32), static_cast<DWORD>(total), nullptr)));
  if (!section.valid()) return LastOsError("reserve memory for a hand-over", "");
  void* const view = MapViewOfFile(ToHandle(section.get()), FILE_MAP_WRITE, 0, 0, 0);
  if (view == nullptr) return LastOsError("map a hand-over", "");
  std::memcpy(view, &header, sizeof(header));
  if (!payload.empty()) {
    std::memcpy(static_cast<std::byte*>(view) + sizeof(header), payload.data(), payload.size());
  }
  std::byte* values = static_cast<std::byte*>(view) + sizeof(header) + payload.size();
  for (const Handle& handle : attached) {
    const int64_t value = handle.get();
    std::memcpy(values, &value, sizeof value);
    values += sizeof value;
  }
  UnmapViewOfFile(view);
  return InheritableDuplicate(section.get(), SECTION_MAP_READ);
}

// The payload lies behind the header at the start of a view.
HandOverBytes::~HandOverBytes() {
  if (data_ != nullptr) UnmapViewOfFile(data_ - sizeof(HandOverHeader));
}

HandOverBytes::HandOverBytes(HandOverBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

HandOverBytes& HandOverBytes::operator=(HandOverBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

// The line only ever loses its token, so "no" is remembered; "yes" isn't, as another copy of
// progeny in this process may take the hand-over.
bool HasHandOver() {
  static std::atomic<bool> none{false};
  if (none.load(std::memory_order_relaxed)) return false;
  const bool has = !TokenIn(GetCommandLineW()).empty();
  if (!has) none.store(true, std::memory_order_relaxed);
  return has;
}

// The parent's life needs no binding here: the job of which this process is a member from birth
// ends it, also when the parent has ended before this line.
absl::StatusOr<HandOver> TakeHandOver(int* argc, char** argv, size_t slot_bytes) {
  const std::wstring token(TokenIn(GetCommandLineW()));
  if (token.empty()) {
    return absl::FailedPreconditionError("take a hand-over: this process has none");
  }
  const std::optional<uint64_t> section = HexAt(token, kMarkLength);
  const std::optional<uint64_t> nonce = HexAt(token, kMarkLength + kDigits + 1);
  CutFromCommandLine(token, argc, argv);
  CrashWithoutDialogs();
  if (!section || !nonce) return Garbled("its mark in the command line is damaged");
  return Take(static_cast<NativeHandle>(*section), *nonce, slot_bytes);
}

NativeHandle ParentSentinel() { return parent_process.load(std::memory_order_relaxed); }

// A process handle can't be lost: nothing to wait for.
void BeforeLaunchedChildEnds() {}

}  // namespace progeny::platform
