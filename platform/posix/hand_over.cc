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
#include "platform/posix/hand_over_header.h"
#include "platform/posix/own_image.h"

namespace progeny::platform {
namespace {

// True where there is a hand-over, be it a garbled one.
bool ReadHeader(HandOverHeader& header) {
  ssize_t got = 0;
  do {
    got = pread(kHandOverDescriptor, &header, sizeof header, 0);
  } while (got < 0 && errno == EINTR);
  // It is there and can't be read: to go on as a plain program would run main in a child.
  if (got < 0 && (errno == EIO || errno == ENOMEM)) {
    header = {.own_count = kMostOwnDescriptors, .attached = 0xffff};
    return true;
  }
  return got == static_cast<ssize_t>(sizeof header) && header.magic == HandOverHeader::kMagic;
}

// Decided before main, when nobody can have closed or reused the descriptors. They become
// close-on-exec at once: a child that never constructs its guard passes none of them on.
bool FindHandOver() {
  HandOverHeader header;
  if (!StartedThroughMark() || !ReadHeader(header)) return false;
  const int end = kHandOverDescriptor + header.DescriptorCount();
  for (int fd = kHandOverDescriptor; fd < end; ++fd) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  return true;
}

bool has_hand_over = FindHandOver();
std::byte* own_slot_head = nullptr;

std::vector<Handle> TakeAttachments(const HandOverHeader& header) {
  std::vector<Handle> attachments;
  NativeHandle next = kHandOverDescriptor + header.own_count;
  for (unsigned i = 0; i < header.attachment_count; ++i) {
    const bool there = (header.attached >> i & 1U) != 0;
    attachments.push_back(there ? Handle(next++) : Handle());
  }
  return attachments;
}

absl::StatusOr<HandOverBytes> MapPayload(const HandOverHeader& header) {
  struct stat info {};
  const size_t whole = sizeof header + header.payload_size;
  if (fstat(kHandOverDescriptor, &info) != 0 || static_cast<uint64_t>(info.st_size) != whole ||
      whole < header.payload_size) {
    return absl::DataLossError(absl::StrCat("take the hand-over: ", header.payload_size,
                                            " bytes were promised, the file has ", info.st_size));
  }
  void* start = mmap(nullptr, whole, PROT_READ, MAP_PRIVATE, kHandOverDescriptor, 0);
  if (start == MAP_FAILED) return LastOsError("map the hand-over", "");
  return HandOverBytes(static_cast<const std::byte*>(start) + sizeof header, header.payload_size);
}

}  // namespace

// Another copy of progeny in this process may have taken it: then the descriptor is closed.
bool HasHandOver() {
  HandOverHeader header;
  return has_hand_over && ReadHeader(header);
}

HandOverBytes::HandOverBytes(HandOverBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

HandOverBytes& HandOverBytes::operator=(HandOverBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

HandOverBytes::~HandOverBytes() {
  if (data_ == nullptr) return;
  const std::byte* start = data_ - sizeof(HandOverHeader);
  munmap(const_cast<std::byte*>(start), size_ + sizeof(HandOverHeader));
}

absl::StatusOr<HandOver> TakeHandOver(int* argc, char** argv, size_t slot_bytes) {
  if (!std::exchange(has_hand_over, false)) {
    return absl::FailedPreconditionError("take the hand-over: this process was given none");
  }
  RemoveMark(argc, argv);
  absl::StatusOr<SharedRegion> slot = SharedRegion::Open(Handle(kSlotDescriptor), slot_bytes);
  if (!slot.ok()) return slot.status();
  own_slot_head = slot->head();
  BindSelf(kLifelineDescriptor, SlotWordsOf(own_slot_head));
  HandOverHeader header;
  if (!ReadHeader(header) || !header.Valid()) {
    return absl::DataLossError("take the hand-over: its header is garbled");
  }
  if (header.own_count == kMostOwnDescriptors) KeepExitPipe(kExitPipeDescriptor);
  absl::StatusOr<HandOverBytes> payload = MapPayload(header);
  if (!payload.ok()) return payload.status();
  close(kHandOverDescriptor);
  return HandOver{*std::move(payload), *std::move(slot), TakeAttachments(header)};
}

void BeforeLaunchedChildEnds() {
  if (own_slot_head != nullptr) AwaitAdoption(SlotWordsOf(own_slot_head));
}

}  // namespace progeny::platform
