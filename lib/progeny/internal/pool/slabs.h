// Where messages lie that are too large for a ring: slabs of shared memory, a few per direction and worker, written
// in place by one side and read in place by the other. Where memory can't be mapped safely (mapped_area.h)
// there is one per direction, and it is copied into and out of.
//
// A slab is the writer's to take when its word is 0. It puts the message's number there, writes, and publishes a
// record that names the slab. The reader looks at the slab in place, for as long as it likes, and then swaps the
// number for 0. What can come in between:
// * The writer dies while it writes: no record names the slab. A worker's memory is renewed then, with all words.
// * The worker dies while the pool still reads what it has published: Renew leaves the slab taken, under its number.
//   The next worker finds it so and takes the other one, or waits. The reader swaps its own number out, and only
//   that: a reader that is late frees no slab that somebody has taken since.
// * A worker names a slab that is still read, to have it mapped anew under the reader: the number differs, or the
//   message ends behind what is mapped. Such a worker is ended (Engine::UseOf).
// * A worker writes to what it has published: the reader sees other bytes, never a fault (codec_bytes.h).
// * The pool reads a slab in place only while somebody waits for just that result and decodes it at once
//   (OutcomeSink::TakesLent); all else it copies out first. So a result that nobody takes holds up no worker.
// * The worker is the one that is read from for long: arguments stay in their slab until the last element of the
//   batch has run. That is why there are two: the next batch is written meanwhile.
// * The worker dies, or is to give its batch back, and the pool has the arguments nowhere else (Slabs::Hold): it reads them
//   out of the slab that it has written itself. The worker can't have changed them, as it maps them to be read only; and whatever
//   it does to the words, a slab that is held is not written to.
//
// A slab keeps its pages for the next message: taking them anew costs more than a copy. When none has come
// for a while the pool gives back slabs of more than kKeptSlabBytes (Engine::TrimSlabs): it takes the slab for
// that, as a writer would, and counts `trims` up, so the writer asks for the memory again. How much of it there
// is each writer knows for itself: a word that the other side can write to is not to be believed in this.
#ifndef PROGENY_INTERNAL_POOL_SLABS_H_
#define PROGENY_INTERNAL_POOL_SLABS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/mapped_area.h"
#include "platform/shared_region.h"
#include "platform/shared_word.h"
#include "progeny/internal/pool/wire.h"

namespace progeny::internal {

inline constexpr uint32_t kSlabs = 2;  // per direction
inline constexpr size_t kKeptSlabBytes = 4 << 20;
inline constexpr size_t kMostLeftToSlab = 8 << 20;  // of arguments that are kept nowhere else

// Of one direction, in shared memory, zeroed.
struct SlabWords {
  alignas(64) std::atomic<uint64_t> used_by[kSlabs];  // the message's number; 0: free
  std::atomic<uint32_t> trims[kSlabs];                // how often its memory was given back
  std::atomic<uint64_t> last;                         // number given; never reset
};

// One direction's, as one of the two sides sees them. Not thread-safe, but what Read has given may be read by
// any thread until the slab is free again.
class Slabs {
 public:
  enum class Direction { kDown, kUp };
  Slabs(platform::SharedRegion& region, SlabWords& words, Direction direction);

  bool in_place() const { return in_place_; }
  SlabWords& words() const { return words_; }

  // The writer's. Take gives nothing when none is free.
  struct Taken {
    uint32_t slab = 0;
    uint64_t number = 0;
  };
  std::optional<Taken> Take();
  // In place: room for `bytes`; what was written to this slab stays, and moves.
  absl::StatusOr<absl::Span<std::byte>> Room(uint32_t slab, size_t bytes);
  struct Spot {
    uint32_t slab = 0;
    size_t offset = 0;  // in place only
  };
  // All that a message has, either way.
  absl::Status Write(const Spot& spot, absl::Span<const std::byte> bytes);

  // The writer relies on what it has written there as long as it holds it: Take doesn't give it, Trim leaves it. Move-only.
  class Hold {
   public:
    Hold() = default;
    Hold(Slabs& slabs, uint32_t slab) : slabs_(&slabs), slab_(slab) { slabs.held_.at(slab) = true; }
    Hold(Hold&& other) noexcept { *this = std::move(other); }
    Hold& operator=(Hold&& other) noexcept {
      std::swap(slabs_, other.slabs_);
      std::swap(slab_, other.slab_);
      return *this;
    }
    ~Hold() {
      if (slabs_ != nullptr) slabs_->held_.at(slab_) = false;
    }
    explicit operator bool() const { return slabs_ != nullptr; }
    // In place only.
    const std::byte* bytes() const { return slabs_->mapped_.at(slab_).data(); }

   private:
    Slabs* slabs_ = nullptr;
    uint32_t slab_ = 0;
  };

  // Of one that holds no message after all.
  void Drop(const Taken& taken) { words_.used_by[taken.slab].store(0, std::memory_order_release); }

  // The reader's. kFresh: nobody reads this slab yet. DataLoss: the message can't lie there.
  enum class Reading { kFresh, kUnderWay };
  struct Place {
    uint32_t slab = 0;
    size_t offset = 0;
    size_t size = 0;
    size_t whole = 0;  // of the message's, if more of it is to be read
  };
  absl::StatusOr<absl::Span<const std::byte>> Show(const Place& place, Reading reading);
  // Out of the slab, into memory that may be reused.
  absl::StatusOr<std::vector<std::byte>> Copy(const Place& place, Reading reading, std::vector<std::byte> reused = {});

  // The pool's: gives the memory of free slabs back.
  void Trim();

 private:
  platform::SharedRegion::Area AreaOf(uint32_t slab) const;

  platform::SharedRegion& region_;
  SlabWords& words_;
  const Direction direction_;
  const bool in_place_;
  std::array<platform::MappedArea, kSlabs> mapped_;
  std::array<bool, kSlabs> held_ = {};
  std::array<size_t, kSlabs> reserved_ = {};   // bytes that there is memory for; the writer's
  std::array<uint32_t, kSlabs> trims_ = {};    // as last seen
};

// The pool reads a worker's slab: it is free when the last holder has let go.
class SlabUse {
 public:
  SlabUse(SlabWords& words, Slabs::Taken taken, platform::SharedWord& bell) : words_(words), taken_(taken), bell_(bell) {}
  SlabUse(const SlabUse&) = delete;
  SlabUse& operator=(const SlabUse&) = delete;
  ~SlabUse() {
    uint64_t mine = taken_.number;
    words_.used_by[taken_.slab].compare_exchange_strong(mine, 0);
    bell_.Wake(kWantsRoom);
  }
  uint64_t number() const { return taken_.number; }

 private:
  SlabWords& words_;
  const Slabs::Taken taken_;
  platform::SharedWord& bell_;  // the worker's, who may wait for it
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_SLABS_H_
