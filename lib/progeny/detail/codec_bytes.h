// The two ends of the wire under the codec: a writer that appends to a vector of bytes or to a sink, and a
// reader that never looks past the end of a span. The bytes of that span may change while they are read
// (memory that another process still writes to): each one is looked at once, so what was checked is what is used.
//
// Inside the codec an error is an exception, because that is the only way out of a user's
// serialize(); it never leaves RunCodec(), which turns it, and whatever user code throws, into a
// status. All three live in codec.cc, so that this header neither throws nor catches.
#ifndef PROGENY_DETAIL_CODEC_BYTES_H_
#define PROGENY_DETAIL_CODEC_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace progeny::detail {

// Containers, pointers and classes that serialize themselves may stand inside each other this deep;
// deeper values are refused on both ends. It keeps a garbled list of lists from eating the stack.
inline constexpr int kMaxDepth = 500;

// Ends the running encode / decode with this status. Only under RunCodec.
[[noreturn]] void ThrowCodecError(absl::Status status);

enum class Direction { kEncode, kDecode };

// Runs `body`; an exception becomes the status of what it was: a codec error its own,
// std::bad_alloc ResourceExhausted, anything else InvalidArgument when encoding and DataLoss when
// decoding.
absl::Status RunCodec(Direction direction, absl::FunctionRef<void()> body);

// Where encoded bytes go that are to lie somewhere else than in a vector. May end the running encode with
// ThrowCodecError.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void Append(const void* from, size_t size) = 0;
  virtual size_t size() const = 0;
  virtual void Truncate(size_t size) = 0;  // back to what it was
};

// Appends to a vector or a sink. Small writes gather in a fixed buffer, since appending a few bytes at a time
// to a vector costs more than the rest of the encoding; Flush() before the vector is looked at.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& out) : out_(&out), flushed_(out.size()) {}
  explicit ByteWriter(ByteSink& sink) : sink_(&sink), flushed_(sink.size()) {}
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  void Write(const void* from, size_t size) {
    if (size > sizeof(staged_) - used_) return WriteLarge(from, size);
    if (size == 0) return;  // `from` may be null
    std::memcpy(staged_ + used_, from, size);
    used_ += size;
  }
  void WriteByte(uint8_t byte) { Write(&byte, 1); }
  void WriteLength(uint64_t length);  // 7 bits per byte, low ones first
  void Flush();

  // Bytes written so far, staged ones and those that stood there before included.
  size_t written() const { return flushed_ + used_; }

 private:
  void WriteLarge(const void* from, size_t size);
  void WriteThrough(const void* from, size_t size);

  std::vector<std::byte>* const out_ = nullptr;  // one of these two
  ByteSink* const sink_ = nullptr;
  size_t flushed_ = 0;
  size_t used_ = 0;
  std::byte staged_[256];
};

// Reads from bytes it does not own. Several values that stand one behind another are decoded from
// one reader (see codec.h: DecodeFrom). Not thread-safe. After a failure nothing is left to read,
// and `status()` says why, also when user code swallowed the exception.
class ByteReader {
 public:
  explicit ByteReader(absl::Span<const std::byte> bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  size_t left() const { return static_cast<size_t>(end_ - at_); }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  const absl::Status& status() const { return status_; }

  // OK if everything was read; DataLoss otherwise.
  absl::Status ExpectEnd() const;

  // The functions below end the running decode when the bytes don't hold what is asked for.
  void Read(void* to, size_t size) {
    if (size > left()) FailShort(size);
    if (size == 0) return;
    std::memcpy(to, at_, size);
    at_ += size;
  }
  bool IsAligned(size_t alignment) const { return reinterpret_cast<uintptr_t>(at_) % alignment == 0; }
  // The next bytes in place: valid as long as the span the reader was made from.
  const std::byte* Take(size_t size) {
    if (size > left()) FailShort(size);
    const std::byte* taken = at_;
    at_ += size;
    return taken;
  }
  uint8_t ReadByte() {
    if (at_ == end_) FailShort(1);
    // Lengths are made of these: the compiler must not look again after the check.
    return static_cast<uint8_t>(*static_cast<const volatile std::byte*>(at_++));
  }
  bool ReadBool() {
    const uint8_t byte = ReadByte();
    if (byte > 1) Fail("a bool that is neither 0 nor 1");
    return byte == 1;
  }
  uint64_t ReadLength();
  // A count of elements of at least one byte each: more than the bytes left is refused.
  size_t ReadCount();
  // A count of elements of exactly `element_size` bytes each.
  size_t ReadBlockCount(size_t element_size);

  // Ends the running decode: DataLoss "decode at byte N of M: <what>; ...".
  [[noreturn]] void Fail(absl::string_view what);

 private:
  [[noreturn]] void FailShort(size_t size);

  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  absl::Status status_;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_BYTES_H_
