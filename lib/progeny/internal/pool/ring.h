// A ring of records in shared memory, one producer and one consumer, each in its own process.
//
// A record becomes visible by one store: the producer writes it whole behind the tail, then moves the
// tail past it. A producer killed before that store has written nothing; a consumer killed before it
// moved the head has the record still there. Neither ever waits for the other inside the ring.
//
// A record lies in one piece, so that it can be decoded in place: where the end of the ring is too
// near, a filler takes up the rest. A consumer believes no word of its peer's: what can't be a record
// is an error.
//
// A small record whose consumer waits for it may travel beside the tail (CommitBeside): the line that tells
// of it brings it along, and no other line moves from one CPU to the other. It has its place in the ring all
// the same, an empty record of kBeside: so it comes in its turn, and is there whole or not at all like
// any other. The bit kTailTells, beside a tail that ends with such a record, saves its reader the look at that
// place. There is room for one: who puts the next one knows that the last one was read.
#ifndef PROGENY_INTERNAL_POOL_RING_H_
#define PROGENY_INTERNAL_POOL_RING_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace progeny::internal {

inline constexpr size_t kMostBeside = 48;
inline constexpr uint64_t kTailTells = 1;  // positions are multiples of 8

// In shared memory, zeroed. Counts of bytes ever written and read.
struct RingWords {
  alignas(64) std::atomic<uint64_t> head;  // the consumer's
  alignas(64) std::atomic<uint64_t> tail;  // the producer's; a line with the record beside it
  uint16_t beside_kind;
  uint16_t beside_size;
  uint32_t beside_tag;
  std::byte beside[kMostBeside];

  uint64_t end() const { return tail.load(std::memory_order_acquire) & ~kTailTells; }
};
static_assert(sizeof(RingWords) == 128);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// For whoever is neither producer nor consumer, and may be told something that is over already.
inline bool HoldsRecords(const RingWords& words) {
  return words.end() != words.head.load(std::memory_order_relaxed);
}

// Stands in front of each record's bytes, which follow at once and are aligned to 8.
struct RecordHeader {
  uint32_t size;  // of the bytes, not rounded
  uint32_t kind;  // 0: a filler
};

inline constexpr uint32_t kBeside = ~uint32_t{0};  // lies beside the tail

struct BesideKind {
  uint16_t kind;
  uint32_t tag;  // the user's
};

inline constexpr size_t kRecordAlignment = 8;

inline constexpr size_t RecordBytes(size_t payload) {
  return (sizeof(RecordHeader) + payload + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// `capacity` is a power of two; no record may take more than a quarter of it, so that a record and the
// filler before it fit into an empty ring.
struct RingMemory {
  RingWords* words = nullptr;
  std::byte* data = nullptr;
  size_t capacity = 0;
};

class RingProducer {
 public:
  RingProducer() = default;
  explicit RingProducer(RingMemory memory) : memory_(memory) {}

  // Room for a record of `size` bytes, to be filled and then committed; nullptr when the ring is full.
  std::byte* Reserve(uint32_t kind, size_t size) {
    const size_t whole = RecordBytes(size);
    const size_t at = tail_ & (memory_.capacity - 1);
    const size_t filler = memory_.capacity - at < whole ? memory_.capacity - at : 0;
    if (Free() < filler + whole) {
      head_ = memory_.words->head.load(std::memory_order_acquire);
      if (Free() < filler + whole) return nullptr;
    }
    if (filler > 0) {
      new (memory_.data + at) RecordHeader{static_cast<uint32_t>(filler - sizeof(RecordHeader)), 0};
    }
    std::byte* record = memory_.data + (filler > 0 ? 0 : at);
    new (record) RecordHeader{static_cast<uint32_t>(size), kind};
    position_ = tail_ + filler;
    reserved_ = position_ + whole;
    return record + sizeof(RecordHeader);
  }
  // The place of a record beside the tail. False when the ring is full.
  bool ReserveBeside() { return Reserve(kBeside, 0) != nullptr; }
  // Its bytes are `head`, then `body`, together no more than kMostBeside. The record that was there before must
  // have been read.
  void CommitBeside(BesideKind kind, absl::Span<const std::byte> head, absl::Span<const std::byte> body) {
    RingWords& words = *memory_.words;
    words.beside_kind = kind.kind;
    words.beside_size = static_cast<uint16_t>(head.size() + body.size());
    words.beside_tag = kind.tag;
    std::memcpy(words.beside, head.data(), head.size());
    if (!body.empty()) std::memcpy(words.beside + head.size(), body.data(), body.size());
    tail_ = reserved_;
    told_ = tail_ | kTailTells;
    words.tail.store(told_, std::memory_order_release);
  }
  // Where the reserved record's bytes begin, in the ring's memory.
  size_t reserved_at() const { return (position_ & (memory_.capacity - 1)) + sizeof(RecordHeader); }
  // Fewer bytes than were asked for.
  void CommitFirst(size_t size) {
    auto* header = reinterpret_cast<RecordHeader*>(memory_.data + (position_ & (memory_.capacity - 1)));
    header->size = static_cast<uint32_t>(size);
    reserved_ = position_ + RecordBytes(size);
    Commit();
  }
  void Commit() {
    told_ = tail_ = reserved_;
    memory_.words->tail.store(told_, std::memory_order_release);
  }

  // False: the peer has overwritten a word that is only ours to write.
  bool intact() const { return memory_.words->tail.load(std::memory_order_relaxed) == told_; }

  // More than half of it waits for the consumer.
  bool crowded() const {
    return tail_ - memory_.words->head.load(std::memory_order_relaxed) > memory_.capacity / 2;
  }

  // Where the reserved record lies, for KeepFrom.
  uint64_t position() const { return position_; }
  // A producer that looks at its records after the consumer may have freed them names the oldest one
  // that it still needs; kKeepNone: none.
  static constexpr uint64_t kKeepNone = ~uint64_t{0};
  void KeepFrom(uint64_t position) { kept_ = position; }

 private:
  size_t Free() const { return memory_.capacity - (tail_ - std::min(head_, kept_)); }

  RingMemory memory_;
  uint64_t tail_ = 0;
  uint64_t told_ = 0;  // the word
  uint64_t head_ = 0;  // as last seen
  uint64_t kept_ = kKeepNone;
  uint64_t position_ = 0;
  uint64_t reserved_ = 0;
};

struct Record {
  uint32_t kind = 0;
  absl::Span<std::byte> bytes;  // in the ring, until Pop
  uint32_t tag = 0;             // of one that came beside the tail
};

class RingConsumer {
 public:
  RingConsumer() = default;
  explicit RingConsumer(RingMemory memory) : memory_(memory) {}

  bool empty() const { return memory_.words->end() == head_; }

  bool intact() const { return memory_.words->head.load(std::memory_order_relaxed) == head_; }

  // Something follows the record that Peek has given.
  bool more() const {
    return memory_.words->end() != head_ + peeked_;
  }

  // The oldest record, if there is one. DataLoss: the peer has written what is none.
  absl::StatusOr<std::optional<Record>> Peek() {
    while (true) {
      if (tail_ == head_) {
        const uint64_t told = memory_.words->tail.load(std::memory_order_acquire);
        tail_ = told & ~kTailTells;
        if (tail_ == head_) return std::optional<Record>();
        if (tail_ != told && tail_ - head_ == RecordBytes(0)) return PeekBeside();
      }
      const uint64_t there = tail_ - head_;
      const size_t at = head_ & (memory_.capacity - 1);
      RecordHeader header;
      std::memcpy(&header, memory_.data + at, sizeof header);
      const size_t whole = RecordBytes(header.size);
      if (there > memory_.capacity || whole > there || at + whole > memory_.capacity) {
        return absl::DataLossError("a record in shared memory is garbled");
      }
      peeked_ = whole;
      if (header.kind == kBeside) return PeekBeside();
      if (header.kind != 0) {
        return std::optional<Record>(
            Record{header.kind, {memory_.data + at + sizeof header, header.size}});
      }
      Pop();
    }
  }
  // Frees the record that Peek has given.
  void Pop() {
    head_ += peeked_;
    memory_.words->head.store(head_, std::memory_order_release);
  }

 private:
  absl::StatusOr<std::optional<Record>> PeekBeside() {
    peeked_ = RecordBytes(0);
    RingWords& words = *memory_.words;
    const size_t size = words.beside_size;
    if (size > kMostBeside) return absl::DataLossError("a record beside a ring is garbled");
    return std::optional<Record>(Record{words.beside_kind, {words.beside, size}, words.beside_tag});
  }

  RingMemory memory_;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;  // as last seen
  size_t peeked_ = 0;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_RING_H_
