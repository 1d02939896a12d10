// One pagefile section, reserved as a whole and committed piece by piece while it is built; the
// frozen view is a view for reading of the committed piece at the same address.
//
// Interleavings:
// * Nothing forks here, and a child starts without views: the lock only keeps two threads from
//   changing the set of views at once.
// * Between unmapping a view and mapping its successor in its place (Freeze; MakeWritable on systems
//   where protection can't do it) another thread's allocation may take the place. Then nothing can
//   bring it back: an error. While MakeWritable maps anew, a reader in another thread faults; Windows
//   itself changes the protection instead, where no reader can notice.
#include "platform/frozen_memory.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/error.h"
#include "platform/windows/pages.h"
#include "platform/windows/random.h"
#include "platform/windows/windows_api.h"

#define PSAPI_VERSION 2  // in kernel32: no library to link
#include <psapi.h>

namespace progeny::platform {
namespace {

constexpr size_t kPrivateStep = size_t{1} << 20;

// Programs lie above, heaps and stacks of the system's choice below.
constexpr uint64_t kFirstAddress = 0x200000000000;
constexpr uint64_t kLastAddress = 0x600000000000;

// One page more than is committed is mapped, as Wine 8 otherwise takes the view for reserved only;
// so much of the section stays uncommitted at its end.
constexpr size_t kUncommitted = kPage;
size_t ViewOf(size_t content) { return content + kUncommitted; }

bool MapAt(NativeHandle section, DWORD access, size_t bytes, std::byte* place) {
  return MapViewOfFileEx(ToHandle(section), access, 0, 0, bytes, place) == place;
}

// Where VirtualProtect turns a view for reading into one whose writes stay private. Under Wine 8 they
// go into the section.
bool ProtectionKeepsWritesPrivate() {
  static const bool keeps = [] {
    const Handle section(FromHandle(
        CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, kFrozenUnit, nullptr)));
    auto* written = static_cast<volatile char*>(
        MapViewOfFile(ToHandle(section.get()), FILE_MAP_READ, 0, 0, kFrozenUnit));
    auto* other = static_cast<volatile char*>(
        MapViewOfFile(ToHandle(section.get()), FILE_MAP_READ, 0, 0, kFrozenUnit));
    DWORD before = 0;
    bool is_private = false;
    if (written != nullptr && other != nullptr &&
        VirtualProtect(const_cast<char*>(written), kPage, PAGE_WRITECOPY, &before)) {
      *written = 1;
      is_private = *other == 0;
    }
    if (written != nullptr) UnmapViewOfFile(const_cast<char*>(written));
    if (other != nullptr) UnmapViewOfFile(const_cast<char*>(other));
    return is_private;
  }();
  return keeps;
}

absl::Status Exhausted(absl::string_view operation, size_t bytes, absl::string_view next_step) {
  const absl::Status error = LastOsError(operation, absl::StrCat(bytes, " bytes"));
  return WithNextStep(absl::ResourceExhaustedError(error.message()), next_step);
}

absl::Status Clash(DWORD error, const FrozenPlace& place) {
  // More than the section has is refused in these words; a handle of something else, too.
  if (error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_PARAMETER || error == ERROR_INVALID_HANDLE) {
    return absl::DataLossError(absl::StrCat("map frozen memory: the handle is none of ", place.frozen, " bytes"));
  }
  const absl::Status told = OsError(error, "map frozen memory", absl::StrFormat("at 0x%x", place.address));
  return absl::FailedPreconditionError(
      absl::StrCat(told.message(), "; ", place.frozen, " bytes are needed there, and something of this process ",
                   "lies in the way: start the child again"));
}

absl::Status PlaceLost() {
  return absl::AbortedError("map frozen memory anew: another thread has taken its addresses meanwhile");
}

}  // namespace

std::mutex& FrozenMemoryLock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Reserve(const FrozenMemoryRequest& request) {
  const size_t bytes = RoundUp(std::max<size_t>(request.reserve, 3 * kHeadBytes), kFrozenUnit);
  const uint64_t section_size = bytes - kHeadBytes;
  std::unique_ptr<FrozenMemory> memory(new FrozenMemory);
  memory->handle_ = Handle(FromHandle(CreateFileMappingW(
      INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE | SEC_RESERVE,
      static_cast<DWORD>(section_size >> 32), static_cast<DWORD>(section_size), nullptr)));
  if (!memory->handle_.valid()) {
    return Exhausted("reserve memory to be frozen", bytes, "reserve less");
  }
  for (uint64_t i = 0; i < request.most_tries; ++i) {
    const uint64_t places = (kLastAddress - kFirstAddress) / kFrozenUnit;
    const uint64_t address = i == 0 && request.first_try != 0
                                 ? request.first_try
                                 : kFirstAddress + RandomWord() % places * kFrozenUnit;
    auto* base = reinterpret_cast<std::byte*>(address);
    if (VirtualAlloc(base, kHeadBytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) != base) continue;
    if (MapAt(memory->handle(), FILE_MAP_WRITE, section_size, base + kHeadBytes)) {
      memory->base_ = base;
      memory->reserved_ = bytes;
      return memory;
    }
    VirtualFree(base, 0, MEM_RELEASE);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("reserve addresses for frozen memory: in ", request.most_tries,
                   " tries something lay where ", bytes, " bytes were to go; reserve less"));
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Map(Handle handle, const FrozenPlace& place) {
  const bool sound = place.address % kFrozenUnit == 0 && place.reserved % kFrozenUnit == 0 &&
                     place.frozen > 0 && place.frozen % kPage == 0 && place.frozen < place.reserved &&
                     place.reserved - place.frozen >= kHeadBytes + kUncommitted;
  if (!sound) return absl::DataLossError("map frozen memory: its place is garbled");
  auto* base = reinterpret_cast<std::byte*>(place.address);
  std::unique_ptr<FrozenMemory> memory(new FrozenMemory);
  memory->handle_ = std::move(handle);
  if (VirtualAlloc(base, kHeadBytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) != base) {
    return Clash(GetLastError(), place);
  }
  memory->base_ = base;
  memory->is_mapped_ = MapAt(memory->handle(), FILE_MAP_READ, ViewOf(place.frozen), base + kHeadBytes);
  if (!memory->is_mapped_) return Clash(GetLastError(), place);
  memory->reserved_ = place.reserved;
  memory->frozen_ = place.frozen;
  memory->is_frozen_ = true;
  memory->ReservePrivatePart();
  return memory;
}

// Without it there is no growth after the freeze, and nothing else amiss.
void FrozenMemory::ReservePrivatePart() {
  private_offset_ = RoundUp(ViewOf(frozen_), kFrozenUnit);
  if (kHeadBytes + private_offset_ >= reserved_) return;
  const size_t bytes = reserved_ - kHeadBytes - private_offset_;
  if (VirtualAlloc(private_part(), bytes, MEM_RESERVE, PAGE_NOACCESS) == nullptr) {
    reserved_ = kHeadBytes + private_offset_;
  }
}

FrozenMemory::~FrozenMemory() {
  if (base_ == nullptr) return;
  if (is_mapped_) UnmapViewOfFile(content());
  VirtualFree(base_, 0, MEM_RELEASE);
  if (private_offset_ > 0 && private_size() > 0) VirtualFree(private_part(), 0, MEM_RELEASE);
}

FrozenPlace FrozenMemory::place() const {
  return {reinterpret_cast<uint64_t>(base_), reserved_, frozen_};
}

absl::Status FrozenMemory::Extend(size_t bytes) {
  const size_t size = RoundUp(bytes, kPage);
  if (size <= frozen_) return absl::OkStatus();
  if (ViewOf(size) > most_content()) {
    return absl::ResourceExhaustedError(absl::StrCat("extend memory to be frozen: ", bytes,
                                                     " bytes are more than the reservation's ", most_content()));
  }
  if (VirtualAlloc(content() + frozen_, size - frozen_, MEM_COMMIT, PAGE_READWRITE) == nullptr) {
    return Exhausted("extend memory to be frozen", size, "free memory, or build less");
  }
  frozen_ = size;
  return absl::OkStatus();
}

void FrozenMemory::Collapse() {}

absl::Status FrozenMemory::Freeze(size_t bytes) {
  const size_t size = RoundUp(std::max<size_t>(bytes, 1), kPage);
  if (absl::Status there = Extend(size); !there.ok()) return there;
  HANDLE for_reading = nullptr;
  if (!DuplicateHandle(GetCurrentProcess(), ToHandle(handle()), GetCurrentProcess(), &for_reading,
                       SECTION_MAP_READ | SECTION_QUERY, FALSE, 0)) {
    return LastOsError("freeze memory", "");
  }
  const std::lock_guard<std::mutex> lock(FrozenMemoryLock());
  handle_ = Handle(FromHandle(for_reading));  // from here on nobody can write to the section
  UnmapViewOfFile(content());
  is_mapped_ = MapAt(handle(), FILE_MAP_READ, ViewOf(size), content());
  if (!is_mapped_) return PlaceLost();
  frozen_ = size;
  is_frozen_ = true;
  ReservePrivatePart();
  return absl::OkStatus();
}

void FrozenMemory::Populate() {
  for (size_t at = 0; at < frozen_; at += kPage) {
    (void)*static_cast<const volatile char*>(static_cast<void*>(content() + at));
  }
}

absl::Status FrozenMemory::MakeWritable() {
  constexpr char kNextStep[] =
      "the whole view counts as committed from then on: free memory, or enlarge the paging file";
  constexpr char kOperation[] = "make a view of frozen memory writable";
  if (writable_) return absl::OkStatus();
  if (ProtectionKeepsWritesPrivate()) {
    DWORD before = 0;
    writable_ = VirtualProtect(content(), frozen_, PAGE_WRITECOPY, &before);
    return writable_ ? absl::OkStatus() : Exhausted(kOperation, frozen_, kNextStep);
  }
  UnmapViewOfFile(content());
  writable_ = MapAt(handle(), FILE_MAP_COPY, ViewOf(frozen_), content());
  if (writable_) return absl::OkStatus();
  const absl::Status error = Exhausted(kOperation, frozen_, kNextStep);
  is_mapped_ = MapAt(handle(), FILE_MAP_READ, ViewOf(frozen_), content());
  return is_mapped_ ? error : PlaceLost();
}

void* FrozenMemory::AllocatePrivate(size_t bytes, size_t alignment) {
  if (private_offset_ == 0) return nullptr;
  const uintptr_t start = reinterpret_cast<uintptr_t>(private_part());
  const size_t at = (start + private_used_ + alignment - 1) / alignment * alignment - start;
  if (at < private_used_ || at > private_size() || bytes > private_size() - at) return nullptr;
  const size_t end = at + bytes;
  if (end > private_there_) {
    const size_t there = std::min(RoundUp(end, kPrivateStep), private_size());
    if (VirtualAlloc(private_part() + private_there_, there - private_there_, MEM_COMMIT,
                     PAGE_READWRITE) == nullptr) {
      return nullptr;
    }
    private_there_ = there;
  }
  private_used_ = end;
  return private_part() + at;
}

// Windows says by its protection that a page was copied; Wine by the working set alone. A page that
// is not in the working set hasn't been written there: Wine takes none out.
absl::StatusOr<int64_t> FrozenMemory::CopiedBytes() const {
  std::array<PSAPI_WORKING_SET_EX_INFORMATION, 1024> batch;
  int64_t copied = 0;
  for (std::byte* at = content(); at < content() + frozen_;) {
    MEMORY_BASIC_INFORMATION region;
    if (VirtualQuery(at, &region, sizeof region) == 0) return LastOsError("ask which pages were copied", "");
    const auto end = std::min(static_cast<std::byte*>(region.BaseAddress) + region.RegionSize, content() + frozen_);
    const size_t pages = std::min<size_t>((end - at) / kPage, batch.size());
    if (region.Protect == PAGE_READWRITE) {
      copied += end - at;
      at = end;
      continue;
    }
    for (size_t i = 0; i < pages; ++i) batch[i].VirtualAddress = at + i * kPage;
    if (!QueryWorkingSetEx(GetCurrentProcess(), batch.data(), static_cast<DWORD>(pages * sizeof batch[0]))) {
      return LastOsError("ask which pages were copied", "");
    }
    copied += static_cast<int64_t>(kPage) *
              std::count_if(batch.begin(), batch.begin() + pages, [](const auto& page) {
                return page.VirtualAttributes.Valid && !page.VirtualAttributes.Shared;
              });
    at += pages * kPage;
  }
  return copied;
}

}  // namespace progeny::platform
