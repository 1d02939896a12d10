// Handles that belong to bytes which are sent later, and perhaps more than once.
#ifndef PROGENY_DETAIL_KEPT_HANDLES_H_
#define PROGENY_DETAIL_KEPT_HANDLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "progeny/detail/arena_place.h"
#include "progeny/detail/attachments.h"

namespace progeny::detail {

// Owns duplicates of what is added, and holds arenas: whoever encoded them may let go. An arena is kept
// once, however often it was added, and has no index: the receiver finds it by its identity, so it must
// have been given the arena before it decodes. Move-only, not thread-safe.
class KeptHandles final : public OutgoingHandles {
 public:
  struct KeptArena {
    ArenaPlace place;
    NativeHandle handle = -1;
    std::shared_ptr<Arena> held;
  };

  KeptHandles() = default;
  KeptHandles(KeptHandles&& other) noexcept;
  KeptHandles& operator=(KeptHandles&& other) noexcept;
  ~KeptHandles() override;

  // Inside of the codec.
  uint32_t Add(NativeHandle handle) override;
  uint32_t AddArena(const ArenaPlace& place, NativeHandle handle) override;

  const std::vector<NativeHandle>& owned() const { return owned_; }
  const std::vector<KeptArena>& arenas() const { return arenas_; }

 private:
  std::vector<NativeHandle> owned_;
  std::vector<KeptArena> arenas_;
};

// What travels to a pool: bytes, and what belongs to them.
struct EncodedCall {
  std::vector<std::byte> bytes;
  KeptHandles kept;
  bool flat = false;  // arguments alone, of the entry's shape
  size_t block_at = 0;  // what begins here is better aligned (CallSink)
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_KEPT_HANDLES_H_
