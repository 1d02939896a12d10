// Ownership of one operating-system handle: a file descriptor or a Windows HANDLE.
//
// Every function of the seam hands out and takes handles in this form, so that no OS type leaves
// platform/. Handles made by the seam are never inherited by accident (close-on-exec, not
// inheritable) and never numbered 0, 1 or 2, even when standard streams are closed: a forked
// child must not mistake one of ours for its stdin.
#ifndef PROGENY_PLATFORM_HANDLE_H_
#define PROGENY_PLATFORM_HANDLE_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"

namespace progeny::platform {

using NativeHandle = intptr_t;
inline constexpr NativeHandle kNoHandle = -1;

// Closes `handle`. Errors are not reported: there is nothing a caller could do.
void CloseNativeHandle(NativeHandle handle);

// Move-only owner. Not thread-safe; distinct objects are independent.
class Handle {
 public:
  Handle() = default;
  explicit Handle(NativeHandle native) : native_(native) {}
  Handle(Handle&& other) noexcept : native_(std::exchange(other.native_, kNoHandle)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      Reset();
      native_ = std::exchange(other.native_, kNoHandle);
    }
    return *this;
  }
  ~Handle() { Reset(); }

  bool valid() const { return native_ != kNoHandle; }
  NativeHandle get() const { return native_; }
  NativeHandle Release() { return std::exchange(native_, kNoHandle); }
  void Reset() {
    if (valid()) CloseNativeHandle(Release());
  }

 private:
  NativeHandle native_ = kNoHandle;
};

// A second handle to the same object, private to this process.
absl::StatusOr<Handle> DuplicateNativeHandle(NativeHandle handle);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_HANDLE_H_
