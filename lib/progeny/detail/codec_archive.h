// The archives that progeny hands to `template <class Archive> void serialize(Archive& archive)`.
//
// They are cereal archives, so that private serialize(), split save()/load(), CEREAL_NVP,
// cereal::base_class and what else a class written for cereal uses work; but every value they meet
// goes through Wire<T> (codec_wire.h), where the bounds are checked and the common types are known
// without another include. `context()` is an opaque pointer from whoever runs the codec: the
// process layer keeps there what objects with operating-system handles need to travel; null
// elsewhere.
#ifndef PROGENY_DETAIL_CODEC_ARCHIVE_H_
#define PROGENY_DETAIL_CODEC_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "cereal/cereal.hpp"
#include "progeny/detail/codec_bytes.h"

namespace progeny::detail {

class Encoder;
class Decoder;

// Checks that T may travel (one readable static_assert otherwise), then encodes / decodes it.
template <class T>
void PutChecked(Encoder& encoder, const T& value);
template <class T>
void GetChecked(Decoder& decoder, T& value);

// Refuses values nested too deep; see kMaxDepth. Lives as long as the level is being visited.
template <class Archive>
class Level {
 public:
  explicit Level(Archive& archive) : archive_(archive) { archive_.Descend(); }
  ~Level() { archive_.Ascend(); }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Archive& archive_;
};

class Encoder : public cereal::OutputArchive<Encoder> {
 public:
  using Base = cereal::OutputArchive<Encoder>;

  Encoder(ByteWriter& writer, void* context) : Base(this), writer_(writer), context_(context) {}

  template <class... T>
  Encoder& operator()(T&&... values) {
    (Accept(values), ...);
    return *this;
  }
  template <class T>
  Encoder& operator&(T&& value) {
    return (*this)(value);
  }
  template <class T>
  Encoder& operator<<(T&& value) {
    return (*this)(value);
  }

  void* context() const { return context_; }

  ByteWriter& writer() { return writer_; }
  // cereal's own way, for classes that bring their functions.
  template <class T>
  void Delegate(const T& value) {
    Base::operator()(value);
  }
  void Descend() {
    if (depth_ == kMaxDepth) {
      ThrowCodecError(absl::InvalidArgumentError(
          "encode a value: it is nested deeper than 500 levels; send a flat form of it"));
    }
    ++depth_;
  }
  void Ascend() { --depth_; }

 private:
  template <class T>
  void Accept(const T& value) {
    PutChecked(*this, value);
  }
  template <class T>
  void Accept(const cereal::NameValuePair<T>& pair) {
    Accept(pair.value);
  }
  template <class T>
  void Accept(const cereal::SizeTag<T>& tag) {
    writer_.WriteLength(static_cast<uint64_t>(tag.size));
  }
  template <class T>
  void Accept(const cereal::BinaryData<T>& data) {
    writer_.Write(data.data, static_cast<size_t>(data.size));
  }
  template <class T>
  void Accept(const cereal::base_class<T>& base) {
    Accept(*base.base_ptr);
  }
  template <class T>
  void Accept(const cereal::virtual_base_class<T>& base) {
    Base::operator()(base);
  }
  template <class T>
  void Accept(const cereal::DeferredData<T>& deferred) {
    Base::operator()(deferred);
  }

  ByteWriter& writer_;
  void* context_;
  int depth_ = 0;
};

class Decoder : public cereal::InputArchive<Decoder> {
 public:
  using Base = cereal::InputArchive<Decoder>;

  Decoder(ByteReader& reader, void* context) : Base(this), reader_(reader), context_(context) {}

  template <class... T>
  Decoder& operator()(T&&... values) {
    (Accept(values), ...);
    return *this;
  }
  template <class T>
  Decoder& operator&(T&& value) {
    return (*this)(value);
  }
  template <class T>
  Decoder& operator>>(T&& value) {
    return (*this)(value);
  }

  void* context() const { return context_; }

  ByteReader& reader() { return reader_; }
  template <class T>
  void Delegate(T& value) {
    Base::operator()(value);
  }
  void Descend() {
    if (depth_ == kMaxDepth) reader_.Fail("a value nested deeper than 500 levels");
    ++depth_;
  }
  void Ascend() { --depth_; }

 private:
  template <class T>
  void Accept(T& value) {
    GetChecked(*this, value);
  }
  template <class T>
  void Accept(cereal::NameValuePair<T>& pair) {
    Accept(pair.value);
  }
  template <class T>
  void Accept(cereal::SizeTag<T>& tag) {
    tag.size = static_cast<std::remove_reference_t<T>>(reader_.ReadCount());
  }
  template <class T>
  void Accept(cereal::BinaryData<T>& data) {
    // Compared as 64 bits first: size_t may be narrower.
    if (data.size > reader_.left()) reader_.Fail("a block longer than the bytes left");
    reader_.Read(data.data, static_cast<size_t>(data.size));
  }
  template <class T>
  void Accept(cereal::base_class<T>& base) {
    Accept(*base.base_ptr);
  }
  template <class T>
  void Accept(cereal::virtual_base_class<T>& base) {
    Base::operator()(base);
  }
  template <class T>
  void Accept(cereal::DeferredData<T>& deferred) {
    Base::operator()(deferred);
  }

  ByteReader& reader_;
  void* context_;
  int depth_ = 0;
};

// cereal itself, past the functions above, meets the result of save_minimal() and class versions
// (arithmetic or std::string) and asks whether wrappers are welcome. Found by argument-dependent
// lookup.
template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_SAVE_FUNCTION_NAME(Encoder& encoder, const T& value) { encoder(value); }
template <class T>
requires std::is_arithmetic_v<T>
void CEREAL_LOAD_FUNCTION_NAME(Decoder& decoder, T& value) { decoder(value); }
inline void CEREAL_SAVE_FUNCTION_NAME(Encoder& encoder, const std::string& value) {
  encoder(value);
}
inline void CEREAL_LOAD_FUNCTION_NAME(Decoder& decoder, std::string& value) { decoder(value); }
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(Encoder& encoder, const cereal::BinaryData<T>& data) {
  encoder(data);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(Decoder& decoder, cereal::BinaryData<T>& data) {
  decoder(data);
}

}  // namespace progeny::detail

CEREAL_SETUP_ARCHIVE_TRAITS(progeny::detail::Decoder, progeny::detail::Encoder)

#endif  // PROGENY_DETAIL_CODEC_ARCHIVE_H_
