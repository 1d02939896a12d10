// The parent's end of one pipe to a child.
#ifndef PROGENY_INTERNAL_STREAM_END_H_
#define PROGENY_INTERNAL_STREAM_END_H_

#include <cstdint>
#include <mutex>
#include <string>

#include "platform/handle.h"
#include "platform/pipe.h"

namespace progeny::detail {

class StreamEnd {
 public:
  explicit StreamEnd(platform::Handle handle);

  absl::StatusOr<size_t> Read(absl::Span<char> buffer, platform::Deadline deadline);
  absl::Status Write(absl::string_view bytes, platform::Deadline deadline);
  void Close();

  // The last lines that have come, read or not; what wasn't read stays to be read. Doesn't wait: ""
  // while another thread reads.
  std::string LastLines();

  // In a forked child of the owner, which has inherited the descriptor: so that the child at the
  // other end still sees the end of its input when the owner closes it.
  void CloseInForkedChild();

 private:
  absl::Status CheckOpen() const;
  void Remember(absl::string_view bytes);

  std::mutex mutex_;  // held during a call: Close waits for it
  platform::Handle handle_;
  std::string last_;     // the end of what has come
  std::string unread_;   // taken out of the pipe, but not read by anybody yet
  const uint64_t generation_;
};

}  // namespace progeny::detail

#endif  // PROGENY_INTERNAL_STREAM_END_H_
