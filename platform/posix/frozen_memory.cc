// Interleavings:
// * Another thread forks, foreign code included, at any moment. The set of views and what the child
//   has to know of each are changed under ForkLock, which the fork takes first; the child maps every
//   view anew before any other code of its own runs (fork_lock.cc). Content and private part are
//   kept from forks from the moment they are mapped. A fork between such a mapping and the mark
//   copies page tables for nothing: the child maps over them.
// * A fork while the content is built: the child gets neither the content nor a writable view of
//   the file, which would stand in the way of the seal.
// * A fork during Freeze: the child takes it for not yet frozen, and nobody there can have a handle.
// * Another thread reads the content during MakeWritable: mprotect takes nothing away meanwhile.
//
// In the child: system calls and plain stores only.
#include "platform/frozen_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/error.h"
#include "platform/posix/anonymous_file.h"
#include "platform/posix/fork_lock.h"
#include "platform/posix/frozen_mapping.h"

namespace progeny::platform {
namespace {

constexpr uint64_t kAlignment = uint64_t{2} << 20;  // of the content's huge pages
constexpr size_t kPrivateStep = size_t{1} << 20;

FrozenMemory* views = nullptr;  // under ForkLock

size_t Page() {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return page;
}

size_t RoundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

// Over whatever lies there. Async-signal-safe.
bool MapOver(std::byte* start, size_t bytes, int protection, int file) {
  if (bytes == 0) return true;
  const int kind = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE;
  return mmap(start, bytes, protection, kind | MAP_FIXED | kNoReserveFlag, file, 0) != MAP_FAILED;
}

// The content begins at a boundary of huge pages, the head before it.
uint64_t RandomAddress() {
  const AddressRange range = FrozenAddresses();
  const uint64_t places = (range.last - range.first) / kAlignment - 1;
  return range.first + (RandomAddressBits() % places + 1) * kAlignment - FrozenMemory::kHeadBytes;
}

absl::StatusOr<std::byte*> FindAddresses(const FrozenMemoryRequest& request, size_t bytes) {
  for (uint64_t i = 0; i < request.most_tries; ++i) {
    const uint64_t address = i == 0 && request.first_try != 0 ? request.first_try : RandomAddress();
    std::byte* start = ReserveAddresses(address, bytes);
    if (start != nullptr) return start;
    if (errno == EEXIST) continue;
    const absl::Status error = LastOsError("reserve addresses for frozen memory", absl::StrCat(bytes, " bytes"));
    return WithNextStep(absl::ResourceExhaustedError(error.message()),
                        "reserve less, or raise the limit of addresses (ulimit -v)");
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("reserve addresses for frozen memory: in ", request.most_tries,
                   " tries something lay where ", bytes, " bytes were to go; reserve less"));
}

absl::Status CheckPlace(const FrozenPlace& place) {
  const uint64_t page = Page();
  const bool sound = place.address % page == 0 && place.frozen % page == 0 && place.frozen > 0 &&
                     place.reserved % page == 0 && place.frozen < place.reserved &&
                     place.reserved - place.frozen >= FrozenMemory::kHeadBytes &&
                     place.address + place.reserved > place.address;
  return sound ? absl::OkStatus() : absl::DataLossError("map frozen memory: its place is garbled");
}

absl::Status Clash(const FrozenPlace& place) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "map frozen memory at 0x%x: %u bytes are needed there, and something of this process lies in the "
      "way; start the child again, or keep fixed mappings of its own below 0x%x",
      place.address, place.frozen, FrozenAddresses().first));
}

}  // namespace

std::mutex& FrozenMemoryLock() { return ForkLock(); }

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Reserve(const FrozenMemoryRequest& request) {
  const size_t bytes = RoundUp(std::max<size_t>(request.reserve, 2 * kHeadBytes), kFrozenUnit);
  absl::StatusOr<Handle> file = CreateAnonymousFile("progeny-cow");
  if (!file.ok()) return file.status();
  absl::StatusOr<std::byte*> base = FindAddresses(request, bytes);
  if (!base.ok()) return base.status();
  std::unique_ptr<FrozenMemory> memory(new FrozenMemory);
  memory->base_ = *base;
  memory->reserved_ = bytes;
  memory->handle_ = *std::move(file);
  memory->Enlist();
  // Touched only as far as the file reaches: Extend.
  if (mprotect(memory->head(), kHeadBytes, PROT_READ | PROT_WRITE) != 0 ||
      mmap(memory->content(), memory->most_content(), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_FIXED | kNoReserveFlag, static_cast<int>(memory->handle()), 0) == MAP_FAILED ||
      KeepFromForks(memory->content(), memory->most_content()) != 0) {
    return LastOsError("map memory to be frozen", "");
  }
  return memory;
}

absl::StatusOr<std::unique_ptr<FrozenMemory>> FrozenMemory::Map(Handle handle, const FrozenPlace& place) {
  if (absl::Status sound = CheckPlace(place); !sound.ok()) return sound;
  struct stat info {};
  if (fstat(static_cast<int>(handle.get()), &info) != 0) return LastOsError("map frozen memory", "");
  // Less than that, and touching it would be a SIGBUS.
  if (static_cast<uint64_t>(info.st_size) != place.frozen) {
    return absl::DataLossError(absl::StrCat("map frozen memory: it holds ", info.st_size, " bytes, not ",
                                            place.frozen));
  }
  size_t reserved = place.reserved;
  std::byte* base = ReserveAddresses(place.address, reserved);
  if (base == nullptr && errno == ENOMEM) {
    reserved = kHeadBytes + place.frozen;
    base = ReserveAddresses(place.address, reserved);
  }
  if (base == nullptr && errno == EEXIST) return Clash(place);
  if (base == nullptr) {
    return WithNextStep(LastOsError("map frozen memory", absl::StrCat(place.frozen, " bytes")),
                        "raise the limit of addresses (ResourceLimits::address_space, ulimit -v)");
  }
  std::unique_ptr<FrozenMemory> memory(new FrozenMemory);
  memory->base_ = base;
  memory->reserved_ = reserved;
  memory->frozen_ = place.frozen;
  memory->private_offset_ = place.frozen;
  memory->is_frozen_ = true;
  memory->handle_ = std::move(handle);
  memory->Enlist();
  if (mprotect(memory->head(), kHeadBytes, PROT_READ | PROT_WRITE) != 0 ||
      !MapOver(memory->content(), memory->frozen_, PROT_READ, static_cast<int>(memory->handle())) ||
      KeepFromForks(memory->content(), memory->frozen_) != 0) {
    return LastOsError("map frozen memory", "");
  }
  return memory;
}

void FrozenMemory::Enlist() {
  next_ = views;
  if (next_ != nullptr) next_->previous_ = this;
  views = this;
}

FrozenMemory::~FrozenMemory() {
  (previous_ != nullptr ? previous_->next_ : views) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  munmap(base_, reserved_);
}

FrozenPlace FrozenMemory::place() const {
  return {reinterpret_cast<uint64_t>(base_), reserved_, frozen_};
}

absl::Status FrozenMemory::Extend(size_t bytes) {
  const size_t size = RoundUp(bytes, Page());
  if (size <= frozen_) return absl::OkStatus();
  if (size > most_content()) {
    return absl::ResourceExhaustedError(absl::StrCat("extend memory to be frozen: ", bytes,
                                                     " bytes are more than the reservation's ", most_content()));
  }
  if (absl::Status extended = ExtendFile(handle(), frozen_, size); !extended.ok()) return extended;
  frozen_ = size;
  return absl::OkStatus();
}

void FrozenMemory::Collapse() { CollapsePages(content(), frozen_); }

absl::Status FrozenMemory::Freeze(size_t bytes) {
  const size_t size = RoundUp(std::max<size_t>(bytes, 1), Page());
  if (absl::Status there = Extend(size); !there.ok()) return there;
  if (ftruncate(static_cast<int>(handle()), static_cast<off_t>(size)) != 0) {
    return LastOsError("freeze memory", "");
  }
  const int file = static_cast<int>(handle());
  if (!MapOver(content(), size, PROT_READ, file) || KeepFromForks(content(), size) != 0 ||
      !MapOver(content() + size, most_content() - size, PROT_NONE, -1)) {
    return LastOsError("freeze memory", "");
  }
  if (absl::Status sealed = SealFile(handle()); !sealed.ok()) return sealed;
  // The kernel calls a page private that one process alone has mapped: what children merely read
  // would look as if it were theirs. So this one keeps it mapped. 0.1 us a page.
  PopulatePages(content(), size);
  const std::lock_guard<std::mutex> lock(ForkLock());
  frozen_ = size;
  private_offset_ = size;
  is_frozen_ = true;
  return absl::OkStatus();
}

void FrozenMemory::Populate() { PopulatePages(content(), frozen_); }

int FrozenMemory::Protection() const { return writable_ ? PROT_READ | PROT_WRITE : PROT_READ; }

absl::Status FrozenMemory::MakeWritable() {
  if (writable_) return absl::OkStatus();
  if (mprotect(content(), frozen_, PROT_READ | PROT_WRITE) != 0) {
    const absl::Status error = LastOsError("make a view of frozen memory writable", absl::StrCat(frozen_, " bytes"));
    return WithNextStep(absl::ResourceExhaustedError(error.message()),
                        "the system charges for all that might be written: free memory, or raise RLIMIT_DATA");
  }
  writable_ = true;
  return absl::OkStatus();
}

void* FrozenMemory::AllocatePrivate(size_t bytes, size_t alignment) {
  const uintptr_t start = reinterpret_cast<uintptr_t>(private_part());
  const size_t at = (start + private_used_ + alignment - 1) / alignment * alignment - start;
  if (at < private_used_ || at > private_size() || bytes > private_size() - at) return nullptr;
  const size_t end = at + bytes;
  if (end > private_there_) {
    const size_t there = std::min(RoundUp(end, kPrivateStep), private_size());
    if (mprotect(private_part(), there, PROT_READ | PROT_WRITE) != 0 ||
        KeepFromForks(private_part(), there) != 0) {
      return nullptr;
    }
    private_there_ = there;
  }
  private_used_ = end;
  return private_part() + at;
}

absl::StatusOr<int64_t> FrozenMemory::CopiedBytes() const { return PrivatePageBytes(content(), frozen_); }

void FrozenMemory::RemakeInChild() {
  if (!is_frozen_) {
    MapOver(content(), most_content(), PROT_NONE, -1);
    return;
  }
  // Whoever may write here may write in the copy. Where the system charges for that and is full, the
  // copy is readable at least.
  const int file = static_cast<int>(handle());
  if (!MapOver(content(), frozen_, Protection(), file)) {
    writable_ = false;
    MapOver(content(), frozen_, Protection(), file);
  }
  KeepFromForks(content(), frozen_);
  if (private_there_ > 0) MapOver(private_part(), private_size(), PROT_NONE, -1);
  private_there_ = 0;
  private_used_ = 0;
}

void FrozenMemory::RemakeAllInChild() {
  for (FrozenMemory* view = views; view != nullptr; view = view->next_) view->RemakeInChild();
}

}  // namespace progeny::platform
