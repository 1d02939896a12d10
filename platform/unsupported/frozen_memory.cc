#include "platform/frozen_memory.h"

namespace progeny::platform {
namespace {

absl::Status NotPortedYet(absl::string_view operation) {
  return absl::UnimplementedError(std::string(operation) + ": not ported to this operating system");
}

}  // namespace

std::mutex& FrozenMemoryLock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Reserve(const FrozenMemoryRequest&) {
  return NotPortedYet("reserve memory to be frozen");
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Map(Handle, const FrozenPlace&) {
  return NotPortedYet("map frozen memory");
}

FrozenMemory::~FrozenMemory() = default;
FrozenPlace FrozenMemory::place() const { return {}; }
absl::Status FrozenMemory::Extend(size_t) { return NotPortedYet("extend memory to be frozen"); }
void FrozenMemory::Collapse() {}
absl::Status FrozenMemory::Freeze(size_t) { return NotPortedYet("freeze memory"); }
void FrozenMemory::Populate() {}
absl::Status FrozenMemory::MakeWritable() { return NotPortedYet("make frozen memory writable"); }
void* FrozenMemory::AllocatePrivate(size_t, size_t) { return nullptr; }
absl::StatusOr<int64_t> FrozenMemory::CopiedBytes() const { return NotPortedYet("count copied pages"); }

}  // namespace progeny::platform
