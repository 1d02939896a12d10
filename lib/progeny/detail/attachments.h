// Handles that travel beside the bytes of a value: what archive.context() points to where a value
// goes from process to process.
//
// An object with handles adds each one when it is encoded and writes its index; when it is decoded
// it takes the handle by that index. Where bytes travel alone (plain Encode, the result of a Call)
// there is no context, and such an object is refused: OutgoingHandlesOf and IncomingHandlesOf say so.
//
//     template <class Archive>
//     void save(Archive& archive) const {
//       archive(detail::OutgoingHandlesOf(archive.context(), "a Queue").Add(handle_));
//     }
//     template <class Archive>
//     void load(Archive& archive) {
//       uint32_t index = 0;
//       archive(index);
//       handle_ = detail::IncomingHandlesOf(archive.context(), "a Queue").Take(index);  // owned
//     }
//
// In a forked child nothing is encoded: the argument is the child's own copy, its handles are the
// inherited ones.
#ifndef PROGENY_DETAIL_ATTACHMENTS_H_
#define PROGENY_DETAIL_ATTACHMENTS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "progeny/detail/arena_place.h"
#include "progeny/this_process.h"  // NativeHandle

namespace progeny::detail {

// Borrows: a handle must stay open until what it was encoded for (the start, the message) is over,
// not just until the encoding is. Not thread-safe.
class OutgoingHandles {
 public:
  OutgoingHandles() = default;
  OutgoingHandles(OutgoingHandles&&) = default;
  OutgoingHandles& operator=(OutgoingHandles&&) = default;
  virtual ~OutgoingHandles() = default;

  virtual uint32_t Add(NativeHandle handle);
  // A handle that was added by this function before keeps its index: for an object of which a
  // process has one, however many copies of its handle it is sent. The receiver takes it once.
  uint32_t AddOnce(NativeHandle handle);
  // The handle of a frozen arena, of which a process needs one.
  virtual uint32_t AddArena(const ArenaPlace& place, NativeHandle handle);

  absl::Span<const NativeHandle> handles() const { return handles_; }

 private:
  std::vector<NativeHandle> handles_;
  std::vector<uint32_t> added_once_;
};

// Owns what nobody has taken yet. Move-only, not thread-safe.
class IncomingHandles {
 public:
  IncomingHandles() = default;
  explicit IncomingHandles(std::vector<NativeHandle> handles) : handles_(std::move(handles)) {}
  IncomingHandles(IncomingHandles&& other) noexcept;
  IncomingHandles& operator=(IncomingHandles&& other) noexcept;
  ~IncomingHandles() { CloseRest(); }

  // The caller owns it from here on. Ends the running decode (DataLoss) when there is none at
  // `index`, or when it has been taken already. Only inside of the codec.
  NativeHandle Take(uint32_t index);

  // When all has been decoded: what was not taken is closed.
  void CloseRest();

 private:
  std::vector<NativeHandle> handles_;  // -1 once taken
};

// `context` as what it is. Ends the running encode or decode (InvalidArgument) where there is none,
// and says how `what`, such as "a Queue", travels. Only inside of the codec.
OutgoingHandles& OutgoingHandlesOf(void* context, absl::string_view what);
IncomingHandles& IncomingHandlesOf(void* context, absl::string_view what);

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_ATTACHMENTS_H_
