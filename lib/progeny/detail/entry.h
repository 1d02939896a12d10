// What a child finds and runs: the node that names a callable across processes.
#ifndef PROGENY_DETAIL_ENTRY_H_
#define PROGENY_DETAIL_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "progeny/codec.h"
#include "progeny/detail/attachments.h"

namespace progeny::detail {

class StateBox;

// What the child's code has come to. For an entry of a Process the exit code counts, for one of
// Async and Call the encoded value; a status that isn't OK stands for either.
struct EntryOutcome {
  int exit_code = 0;
  bool exits = false;  // an entry of a Process: nobody waits for a value
  absl::Status status;
  std::vector<std::byte> value;
  ByteSink* sink = nullptr;  // takes the value instead, where there is one
  StateBox* state_box = nullptr;  // of a pool's worker
};

// What was handed over for a callable: its state, then its arguments.
struct EntryInput {
  ByteReader reader;
  // To be called when all has been decoded: large arguments then exist once, not twice.
  std::function<void()> release;
  // What came along; nullptr where nothing can.
  IncomingHandles* handles = nullptr;
};

// Decodes the callable's state and its arguments, calls it, and stores what it returned.
using EntryFunction = void (*)(EntryInput& input, EntryOutcome& outcome);

// One constant per callable and signature, in the image that names it: constant-initialised, so no
// registration runs and nothing dangles when a plugin is unloaded. Its place in the image is the
// callable's identity; the magic tells the child that it really found a node.
struct EntryNode {
  static constexpr uint64_t kMagic = 0x7972746e65677270ULL;  // "prgentry"
  uint64_t magic;
  EntryFunction run;
};

// A callable bound to its arguments: lives on the stack of the thread that starts the child.
class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  // nullptr where only a copy of this process can run it (Process::Fork).
  virtual const EntryNode* node() const = 0;
  // The callable's state and its arguments, as the node's function decodes them. What is added to
  // `handles` stays open as long as this task lives.
  virtual absl::Status Encode(std::vector<std::byte>& out, OutgoingHandles& handles) const = 0;
  // In a forked child: the same call on this process's own copy, without encoding.
  virtual void Run(EntryOutcome& outcome) = 0;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_ENTRY_H_
