// What a child has as its standard streams, and the parent's end of one that is a pipe.
//
//     auto child = progeny::Process::Start({.out = progeny::Stdio::Pipe()}, progeny::fn<&Print>);
//     absl::StatusOr<std::string> text = child->out()->ReadAll();
#ifndef PROGENY_STDIO_H_
#define PROGENY_STDIO_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace progeny {

// A value: one stream of ProcessOptions. Default: the parent's.
class Stdio {
 public:
  enum class Kind { kInherit, kNull, kFile, kPipe };
  enum WriteMode { kTruncate, kAppend };

  static Stdio Inherit() { return Stdio(Kind::kInherit); }
  // Reads end at once, writes vanish.
  static Stdio Null() { return Stdio(Kind::kNull); }
  // `path` is UTF-8, seen from the parent. For `in` it is read; for `out` and `err` it is truncated,
  // or appended to. A file that can't be opened is Start's error. The same path for `out` and `err`
  // is opened once: both write at one position.
  static Stdio File(std::string path, WriteMode mode = kTruncate) {
    Stdio result(Kind::kFile);
    result.path_ = std::move(path);
    result.mode_ = mode;
    return result;
  }
  // The parent's end is Process::in(), out(), err().
  static Stdio Pipe() { return Stdio(Kind::kPipe); }

  Stdio() = default;
  Kind kind() const { return kind_; }
  const std::string& path() const { return path_; }
  WriteMode mode() const { return mode_; }

 private:
  explicit Stdio(Kind kind) : kind_(kind) {}
  Kind kind_ = Kind::kInherit;
  std::string path_;
  WriteMode mode_ = kTruncate;
};

namespace detail {
class StreamEnd;
}

// The parent's end of a pipe: plain bytes. Owned by its Process. Thread-safe for one reader or one
// writer at a time; Close from another thread takes effect when their call has ended. On a closed
// end, and in a forked child of the parent, calls are FailedPrecondition.
class Stream {
 public:
  explicit Stream(std::shared_ptr<detail::StreamEnd> end) : end_(std::move(end)) {}

  // At least one byte, at most `buffer`; 0 when the child (and whoever it passed the stream to) has
  // closed its end. DeadlineExceeded past the timeout.
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout = absl::InfiniteDuration());

  // Everything up to the end. What was read before an error or the timeout is dropped.
  absl::StatusOr<std::string> ReadAll(absl::Duration timeout = absl::InfiniteDuration());

  // All of `bytes`. Unavailable when nobody reads any more (no SIGPIPE is raised); DeadlineExceeded
  // past the timeout, and then a part may have been written.
  absl::Status Write(absl::string_view bytes, absl::Duration timeout = absl::InfiniteDuration());

  // The child sees the end of its input, or that nobody reads its output. Idempotent.
  void Close();

 private:
  std::shared_ptr<detail::StreamEnd> end_;
};

}  // namespace progeny

#endif  // PROGENY_STDIO_H_
