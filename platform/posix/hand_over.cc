// The child's side of a launch.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/launch.h"
#include "platform/posix/child_state.h"
#include "platform/posix/own_image.h"

namespace progeny::platform {
namespace {

// True where there is a hand-over, be it a garbled one.
bool ReadHeader(HandOverHeader& header) {
  ssize_t got = 0;
  do {
    got = pread(kSlotDescriptor, &header, sizeof header, 0);
  } while (got < 0 && errno == EINTR);
  // It is there and can't be read: to go on as a plain program would run main in a child.
  if (got < 0 && (errno == EIO || errno == ENOMEM)) return true;
  return got == static_cast<ssize_t>(sizeof header) && header.magic == HandOverHeader::kMagic;
}

// Decided before main, when nobody can have closed or reused the descriptors. They become
// close-on-exec at once: a child that never constructs its guard passes none of them on.
bool FindHandOver() {
  HandOverHeader header{};
  if (!StartedThroughMark() || !ReadHeader(header)) return false;
  // A garbled header's counts are not believed.
  if (!header.Valid()) header = {};
  const int last = header.FirstAttached() + static_cast<int>(header.attached_count);
  for (int fd = kSlotDescriptor; fd < last; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return true;
}

bool has_hand_over = FindHandOver();
SlotWords* own_words = nullptr;

absl::StatusOr<HandOverBytes> MapFile(const Handle& file, uint64_t size) {
  struct stat info {};
  const int fd = static_cast<int>(file.get());
  if (fstat(fd, &info) != 0 || static_cast<uint64_t>(info.st_size) != size) {
    return absl::DataLossError(absl::StrCat("take the hand-over: ", size,
                                            " bytes were promised, the file has ", info.st_size));
  }
  void* start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (start == MAP_FAILED) return LastOsError("map the hand-over", "");
  return HandOverBytes(static_cast<const std::byte*>(start), size);
}

absl::StatusOr<HandOverBytes> TakePayload(const HandOverHeader& header) {
  if (!header.has_file()) return HandOverBytes(own_words->payload, header.payload_size);
  return MapFile(Handle(kFirstOptionalDescriptor), header.payload_size);
}

std::vector<Handle> TakeAttached(const HandOverHeader& header) {
  std::vector<Handle> attached;
  attached.reserve(header.attached_count);
  for (uint32_t i = 0; i < header.attached_count; ++i) {
    attached.emplace_back(header.FirstAttached() + static_cast<int>(i));
  }
  return attached;
}

}  // namespace

// Another copy of progeny in this process may have taken it: then the magic is gone.
bool HasHandOver() {
  HandOverHeader header{};
  return has_hand_over && ReadHeader(header);
}

HandOverBytes::HandOverBytes(HandOverBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

HandOverBytes& HandOverBytes::operator=(HandOverBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

// What lies in the slot stays with it; what doesn't begins with a page of its own.
HandOverBytes::~HandOverBytes() {
  if (data_ != nullptr && size_ > kInlinePayload) munmap(const_cast<std::byte*>(data_), size_);
}

absl::StatusOr<HandOver> TakeHandOver(int* argc, char** argv, size_t slot_bytes) {
  if (!std::exchange(has_hand_over, false)) {
    return absl::FailedPreconditionError("take the hand-over: this process was given none");
  }
  RemoveMark(argc, argv);
  absl::StatusOr<SharedRegion> slot = SharedRegion::Open(Handle(kSlotDescriptor), slot_bytes);
  if (!slot.ok()) return slot.status();
  own_words = &SlotWordsOf(slot->head());
  BindSelf(kLifelineDescriptor, *own_words);
  const HandOverHeader header = own_words->hand_over;
  own_words->hand_over.magic = 0;
  if (!header.Valid()) {
    return absl::DataLossError("take the hand-over: its header is garbled");
  }
  if (header.exit_pipes != 0) KeepExitPipe(header.ExitPipeDescriptor());
  std::vector<Handle> attached = TakeAttached(header);
  absl::StatusOr<HandOverBytes> payload = TakePayload(header);
  if (!payload.ok()) return payload.status();
  return HandOver{*std::move(payload), *std::move(slot), std::move(attached)};
}

void BeforeLaunchedChildEnds() {
  if (own_words != nullptr) AwaitAdoption(*own_words);
}

}  // namespace progeny::platform
