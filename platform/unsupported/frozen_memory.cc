#include "platform/frozen_memory.h"

#include "platform/unsupported/not_ported.h"

namespace progeny::platform {

std::mutex& FrozenMemoryLock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Reserve(const FrozenMemoryRequest&) {
  return NotPorted("reserve memory to be frozen");
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Map(Handle, const FrozenPlace&) {
  return NotPorted("map frozen memory");
}

FrozenMemory::~FrozenMemory() = default;
FrozenPlace FrozenMemory::place() const { return {}; }
absl::Status FrozenMemory::Extend(size_t) { return NotPorted("extend memory to be frozen"); }
void FrozenMemory::Collapse() {}
absl::Status FrozenMemory::Freeze(size_t) { return NotPorted("freeze memory"); }
void FrozenMemory::Populate() {}
absl::Status FrozenMemory::MakeWritable() { return NotPorted("make frozen memory writable"); }
void* FrozenMemory::AllocatePrivate(size_t, size_t) { return nullptr; }
absl::StatusOr<int64_t> FrozenMemory::CopiedBytes() const { return NotPorted("count copied pages"); }

}  // namespace progeny::platform
