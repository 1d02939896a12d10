#include "progeny/detail/codec_bytes.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace progeny::detail {
namespace {

// Derived from std::exception, because user code that catches to clean up expects that.
class CodecError final : public std::exception {
 public:
  explicit CodecError(absl::Status status) : status_(std::move(status)) {}
  const char* what() const noexcept override { return "progeny: the codec gave up"; }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

absl::Status ThrownStatus(Direction direction, absl::string_view what) {
  if (direction == Direction::kEncode) {
    return absl::InvalidArgumentError(
        absl::StrCat("encode a value: its serialize() threw: ", what));
  }
  return absl::DataLossError(absl::StrCat("decode a value: its serialize() threw: ", what));
}

}  // namespace

void ThrowCodecError(absl::Status status) { throw CodecError(std::move(status)); }

absl::Status RunCodec(Direction direction, absl::FunctionRef<void()> body) {
  try {
    body();
    return absl::OkStatus();
  } catch (const CodecError& error) {
    return error.status();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(direction == Direction::kEncode
                                            ? "encode a value: out of memory"
                                            : "decode a value: out of memory");
  } catch (const std::exception& error) {
    return ThrownStatus(direction, error.what());
  } catch (...) {
    return ThrownStatus(direction, "something that is no std::exception");
  }
}

void ByteWriter::WriteLength(uint64_t length) {
  uint8_t bytes[10];
  size_t size = 0;
  for (; length >= 0x80; length >>= 7) bytes[size++] = static_cast<uint8_t>(length | 0x80);
  bytes[size++] = static_cast<uint8_t>(length);
  Write(bytes, size);
}

void ByteWriter::Flush() {
  if (used_ > 0) WriteThrough(staged_, used_);
  used_ = 0;
}

void ByteWriter::WriteThrough(const void* from, size_t size) {
  const auto* bytes = static_cast<const std::byte*>(from);
  if (sink_ != nullptr) {
    sink_->Append(bytes, size);
  } else {
    out_->insert(out_->end(), bytes, bytes + size);
  }
  flushed_ += size;
}

void ByteWriter::WriteLarge(const void* from, size_t size) {
  Flush();
  WriteThrough(from, size);
}

absl::Status ByteReader::ExpectEnd() const {
  if (!status_.ok()) return status_;
  if (left() == 0) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("decode: ", left(), " bytes are left behind the value, which ends at byte ",
                   offset(), "; the bytes are of another type or of several values"));
}

uint64_t ByteReader::ReadLength() {
  uint64_t length = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint64_t byte = ReadByte();
    const uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) break;
    length |= bits << shift;
    if (byte < 0x80) {
      // One length has one form: equal values have equal bytes, and the reverse.
      if (byte == 0 && shift > 0) break;
      return length;
    }
  }
  Fail("a length that is no number of 64 bits");
}

size_t ByteReader::ReadCount() { return ReadBlockCount(1); }

size_t ByteReader::ReadBlockCount(size_t element_size) {
  const uint64_t count = ReadLength();
  if (count > left() / element_size) {
    Fail(absl::StrCat("a length of ", count, " elements where ", left(), " bytes are left"));
  }
  return static_cast<size_t>(count);
}

void ByteReader::Fail(absl::string_view what) {
  const size_t total = static_cast<size_t>(end_ - begin_);
  if (status_.ok()) {
    status_ = absl::DataLossError(
        absl::StrCat("decode at byte ", offset(), " of ", total, ": ", what,
                     "; the bytes are cut short, garbled or those of another type"));
  }
  at_ = end_;
  ThrowCodecError(status_);
}

void ByteReader::FailShort(size_t size) {
  Fail(absl::StrCat(size, " bytes wanted where ", left(), " are left"));
}

}  // namespace progeny::detail
