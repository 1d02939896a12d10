#include "progeny/internal/arena.h"

#include <algorithm>
#include <new>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/memory_usage.h"
#include "progeny/internal/self.h"

namespace progeny::detail {
namespace {

constexpr uint64_t kLeastReserve = uint64_t{64} << 20;
constexpr uint64_t kGenerous = uint64_t{16} << 30;
constexpr size_t kLeastStep = size_t{1} << 20;
constexpr size_t kMostStep = size_t{64} << 20;

// The arenas of this process; under FrozenMemoryLock. Leaked: threads may use it until the end.
std::vector<Arena*>& Arenas() {
  static auto& arenas = *new std::vector<Arena*>;
  return arenas;
}

// Lies in the arena's head, at the same address in every process, and made anew in each: its virtual
// functions are this process's.
class ArenaResource final : public std::pmr::memory_resource {
 public:
  explicit ArenaResource(Arena* arena) : arena_(arena) {}

 private:
  void* do_allocate(size_t bytes, size_t alignment) override {
    if (void* place = arena_->Allocate(bytes, alignment)) return place;
    throw std::bad_alloc();
  }
  void do_deallocate(void*, size_t, size_t) override {}
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  Arena* arena_;
};
static_assert(sizeof(ArenaResource) <= platform::FrozenMemory::kHeadBytes);

uint64_t RandomWord() {
  std::random_device source;
  return (uint64_t{source()} << 32U) ^ source();
}

uint64_t GenerousReserve() {
  const absl::StatusOr<platform::SystemMemory> memory = platform::GetSystemMemory();
  return memory.ok() ? std::max(kGenerous, 2 * static_cast<uint64_t>(memory->total)) : kGenerous;
}

absl::StatusOr<std::unique_ptr<platform::FrozenMemory>> Reserve(const CowOptions& options) {
  const bool generous = options.reserve == 0;
  uint64_t bytes = generous ? GenerousReserve() : static_cast<uint64_t>(options.reserve);
  while (true) {
    auto memory = platform::FrozenMemory::Reserve({.reserve = bytes});
    if (memory.ok() || !generous || bytes <= kLeastReserve || !absl::IsResourceExhausted(memory.status())) {
      return memory;
    }
    bytes /= 2;
  }
}

}  // namespace

Arena::Arena(std::unique_ptr<platform::FrozenMemory> memory, const ArenaPlace& identity)
    : memory_(std::move(memory)), identity_(identity), generation_(internal::ForkGeneration()) {
  resource_ = ::new (static_cast<void*>(memory_->head())) ArenaResource(this);
}

absl::StatusOr<Arena*> Arena::Create(const CowOptions& options) {
  if (options.reserve < 0) {
    return absl::InvalidArgumentError(absl::StrCat("CowOptions::reserve: ", options.reserve, " is negative"));
  }
  ArenaPlace identity;
  identity.id_high = RandomWord();
  identity.id_low = RandomWord();
  identity.populate = options.populate ? 1 : 0;
  const std::lock_guard<std::mutex> lock(platform::FrozenMemoryLock());
  auto memory = Reserve(options);
  if (!memory.ok()) return memory.status();
  auto* arena = new Arena(*std::move(memory), identity);
  arena->collapse_ = options.huge_pages == HugePages::kCollapse;
  Arenas().push_back(arena);
  return arena;
}

Arena* Arena::FindLocked(const ArenaPlace& place) {
  for (Arena* arena : Arenas()) {
    const ArenaPlace& own = arena->identity_;
    if (own.id_high != place.id_high || own.id_low != place.id_low) continue;
    arena->Hold();
    return arena;
  }
  return nullptr;
}

Arena* Arena::Find(const ArenaPlace& place) {
  const std::lock_guard<std::mutex> lock(platform::FrozenMemoryLock());
  return FindLocked(place);
}

absl::StatusOr<Arena*> Arena::Open(const ArenaPlace& place, platform::Handle handle) {
  const std::lock_guard<std::mutex> lock(platform::FrozenMemoryLock());
  if (Arena* arena = FindLocked(place)) return arena;
  if (place.used > place.frozen) return absl::DataLossError("open an arena: its place is garbled");
  auto memory = platform::FrozenMemory::Map(std::move(handle), {place.address, place.reserved, place.frozen});
  if (!memory.ok()) return memory.status();
  auto* arena = new Arena(*std::move(memory), place);
  arena->used_ = place.used;
  arena->frozen_.store(true, std::memory_order_release);
  if (place.populate != 0) arena->memory_->Populate();
  Arenas().push_back(arena);
  return arena;
}

void Arena::LetGo() {
  int64_t holders = holders_.load(std::memory_order_relaxed);
  while (holders > 1) {
    if (holders_.compare_exchange_weak(holders, holders - 1, std::memory_order_acq_rel)) return;
  }
  const std::lock_guard<std::mutex> lock(platform::FrozenMemoryLock());
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  std::vector<Arena*>& arenas = Arenas();
  arenas.erase(std::find(arenas.begin(), arenas.end(), this));
  delete this;
}

absl::Status Arena::CheckUsable() const {
  if (frozen() || generation_ == internal::ForkGeneration()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "use an arena: this process was forked while it was built, and has got nothing of it; freeze it first");
}

void* Arena::Allocate(size_t bytes, size_t alignment) {
  if (!CheckUsable().ok()) return nullptr;
  if (!frozen()) return AllocateBuilding(bytes, alignment);
  const std::lock_guard<std::mutex> lock(platform::FrozenMemoryLock());
  return memory_->AllocatePrivate(bytes, alignment);
}

void* Arena::AllocateBuilding(size_t bytes, size_t alignment) {
  const std::lock_guard<std::mutex> lock(building_);
  const auto start = reinterpret_cast<uintptr_t>(content());
  const size_t at = (start + used_ + alignment - 1) / alignment * alignment - start;
  const size_t room = memory_->most_content();
  if (at < used_ || at > room || bytes > room - at) {
    refusal_ = absl::ResourceExhaustedError(
        absl::StrCat("the arena's reservation of ", room, " bytes is used up; set CowOptions::reserve"));
    return nullptr;
  }
  if (absl::Status there = ExtendTo(at + bytes); !there.ok()) {
    refusal_ = there;
    return nullptr;
  }
  used_ = at + bytes;
  return memory_->content() + at;
}

// In steps, as each is a system call; what is left of the last one is given back by the freeze.
absl::Status Arena::ExtendTo(size_t end) {
  if (end <= there_) return absl::OkStatus();
  const size_t step = std::clamp(there_ / 8, kLeastStep, kMostStep);
  const size_t generous = std::min(std::max(end, there_ + step), memory_->most_content());
  if (memory_->Extend(generous).ok()) {
    there_ = generous;
    return absl::OkStatus();
  }
  absl::Status exact = memory_->Extend(end);
  if (exact.ok()) there_ = end;
  return exact;
}

absl::Status Arena::refusal() const {
  const std::lock_guard<std::mutex> lock(building_);
  return refusal_;
}

absl::Status Arena::Freeze() {
  if (absl::Status usable = CheckUsable(); !usable.ok()) return usable;
  const std::lock_guard<std::mutex> lock(building_);
  if (frozen()) return absl::FailedPreconditionError("freeze an arena: it is frozen already");
  if (collapse_) memory_->Collapse();
  if (absl::Status done = memory_->Freeze(used_); !done.ok()) return done;
  if (identity_.populate != 0) memory_->Populate();
  frozen_.store(true, std::memory_order_release);
  return absl::OkStatus();
}

size_t Arena::used() const {
  if (frozen()) return used_;
  if (!CheckUsable().ok()) return 0;
  const std::lock_guard<std::mutex> lock(building_);
  return used_;
}

ArenaPlace Arena::place() const {
  const platform::FrozenPlace where = memory_->place();
  ArenaPlace place = identity_;
  place.address = where.address;
  place.reserved = where.reserved;
  place.frozen = where.frozen;
  place.used = used_;
  place.handle = 0;
  return place;
}

absl::Status Arena::MakeWritable() {
  const std::lock_guard<std::mutex> lock(platform::FrozenMemoryLock());
  return memory_->MakeWritable();
}

}  // namespace progeny::detail
