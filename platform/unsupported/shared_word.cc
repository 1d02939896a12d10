#include "platform/shared_word.h"

namespace progeny::platform {

absl::StatusOr<SharedWord> SharedWord::Create(SharedWordStorage*) {
  return absl::UnimplementedError("wake another process: not ported to this operating system");
}

void SharedWord::Sleep(uint32_t, Deadline) {}
void SharedWord::WakeSleeper() {}
void SharedWord::NoteCpu() {}
bool SharedWord::PeerRunsElsewhere() const { return false; }

}  // namespace progeny::platform
