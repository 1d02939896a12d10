// Where the bytes of a call go.
#ifndef PROGENY_DETAIL_CALL_SINK_H_
#define PROGENY_DETAIL_CALL_SINK_H_

#include <cstddef>
#include <cstring>
#include <vector>

#include "progeny/detail/codec_bytes.h"

namespace progeny::detail {

// To the end of a vector, or to memory that has room for them, or nowhere: then they are only counted. Notes where
// the largest block of them begins: what makes a call large is mostly one block of numbers, which is to be aligned.
class CallSink final : public ByteSink {
 public:
  CallSink() = default;
  explicit CallSink(std::byte* to) : to_(to) {}
  explicit CallSink(std::vector<std::byte>& out) : out_(&out), size_(out.size()) {}

  void Append(const void* from, size_t size) override {
    if (size > block_) {
      block_ = size;
      block_at_ = size_;
    }
    const auto* bytes = static_cast<const std::byte*>(from);
    if (out_ != nullptr) out_->insert(out_->end(), bytes, bytes + size);
    if (to_ != nullptr) std::memcpy(to_ + size_, bytes, size);
    size_ += size;
  }
  size_t size() const override { return size_; }
  void Truncate(size_t size) override {
    size_ = size;
    if (out_ != nullptr) out_->resize(size);
  }
  // From the beginning of all bytes.
  size_t block_at() const { return block_at_; }

 private:
  std::vector<std::byte>* const out_ = nullptr;
  std::byte* const to_ = nullptr;
  size_t size_ = 0;
  size_t block_ = 0;
  size_t block_at_ = 0;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CALL_SINK_H_
