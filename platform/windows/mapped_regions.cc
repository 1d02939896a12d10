#include "platform/mapped_regions.h"

#include <array>

#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

std::string WhatLiesAt(const MEMORY_BASIC_INFORMATION& region) {
  if (region.Type == MEM_PRIVATE) return "memory of no file";
  if (region.Type != MEM_IMAGE) return "a mapped file";
  std::array<wchar_t, 1024> path;
  const DWORD length = GetModuleFileNameW(static_cast<HMODULE>(region.AllocationBase), path.data(),
                                          static_cast<DWORD>(path.size()));
  return length == 0 ? "a program or library" : Utf8FromWide(std::wstring(path.data(), length));
}

}  // namespace

absl::StatusOr<std::vector<MappedRegion>> MappedRegions() {
  std::vector<MappedRegion> regions;
  const char* address = nullptr;
  MEMORY_BASIC_INFORMATION region;
  while (VirtualQuery(address, &region, sizeof region) == sizeof region) {
    const auto first = reinterpret_cast<uint64_t>(region.BaseAddress);
    if (region.State == MEM_COMMIT && (region.Protect & (PAGE_NOACCESS | PAGE_GUARD)) == 0) {
      regions.push_back({first, first + region.RegionSize, WhatLiesAt(region)});
    }
    const char* next = static_cast<const char*>(region.BaseAddress) + region.RegionSize;
    if (next <= address) break;  // the end of the address space
    address = next;
  }
  return regions;
}

}  // namespace progeny::platform
