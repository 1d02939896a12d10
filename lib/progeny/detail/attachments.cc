#include "progeny/detail/attachments.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/handle.h"
#include "progeny/detail/codec_bytes.h"

namespace progeny::detail {
namespace {

[[noreturn]] void RefuseWithout(absl::string_view direction, absl::string_view what) {
  ThrowCodecError(absl::InvalidArgumentError(absl::StrCat(
      direction, " ", what, ": it holds handles of the operating system, which plain bytes and results "
      "can't carry; pass it as an argument, or send it through a Connection")));
}

}  // namespace

uint32_t OutgoingHandles::Add(NativeHandle handle) {
  handles_.push_back(handle);
  return static_cast<uint32_t>(handles_.size() - 1);
}

uint32_t OutgoingHandles::AddOnce(NativeHandle handle) {
  for (uint32_t index : added_once_) {
    if (handles_[index] == handle) return index;
  }
  added_once_.push_back(Add(handle));
  return added_once_.back();
}

uint32_t OutgoingHandles::AddArena(const ArenaPlace&, NativeHandle handle) { return AddOnce(handle); }

IncomingHandles::IncomingHandles(IncomingHandles&& other) noexcept
    : handles_(std::exchange(other.handles_, {})) {}

IncomingHandles& IncomingHandles::operator=(IncomingHandles&& other) noexcept {
  std::swap(handles_, other.handles_);
  return *this;
}

NativeHandle IncomingHandles::Take(uint32_t index) {
  if (index >= handles_.size() || handles_[index] == platform::kNoHandle) {
    ThrowCodecError(absl::DataLossError(absl::StrCat("decode a handle: of the ", handles_.size(),
                                                     " that came along, number ", index,
                                                     " does not exist or has been taken")));
  }
  return std::exchange(handles_[index], platform::kNoHandle);
}

void IncomingHandles::CloseRest() {
  for (NativeHandle handle : handles_) platform::Handle{handle}.Reset();
  handles_.clear();
}

OutgoingHandles& OutgoingHandlesOf(void* context, absl::string_view what) {
  if (context == nullptr) RefuseWithout("encode", what);
  return *static_cast<OutgoingHandles*>(context);
}

IncomingHandles& IncomingHandlesOf(void* context, absl::string_view what) {
  if (context == nullptr) RefuseWithout("decode", what);
  return *static_cast<IncomingHandles*>(context);
}

}  // namespace progeny::detail
