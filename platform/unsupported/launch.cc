#include "platform/launch.h"

namespace progeny::platform {

absl::StatusOr<StartedProgram> LaunchProgram(const ProgramRequest&) {
  return absl::UnimplementedError("start a program: not ported to this operating system");
}

absl::StatusOr<ChildHandle> LaunchImage(const ImageRequest&) {
  return absl::UnimplementedError("start this program again: not ported to this operating system");
}

bool HasHandOver() { return false; }

HandOverBytes::HandOverBytes(HandOverBytes&&) noexcept {}
HandOverBytes& HandOverBytes::operator=(HandOverBytes&&) noexcept { return *this; }
HandOverBytes::~HandOverBytes() = default;

absl::StatusOr<HandOver> TakeHandOver(int*, char**, size_t) {
  return absl::UnimplementedError("take the hand-over: not ported to this operating system");
}

NativeHandle ParentSentinel() { return kNoHandle; }

void BeforeLaunchedChildEnds() {}

}  // namespace progeny::platform
