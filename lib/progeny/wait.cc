#include "progeny/wait.h"

#include <algorithm>

#include "platform/wait_set.h"

namespace progeny {
namespace {

// Sentinels of what was ready from the start carry no handle.
std::vector<size_t> ReadyWithoutHandle(absl::Span<const Waitable> waitables) {
  std::vector<size_t> ready;
  for (size_t i = 0; i < waitables.size(); ++i) {
    if (waitables[i].handle() == platform::kNoHandle) ready.push_back(i);
  }
  return ready;
}

}  // namespace

absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<const Waitable> waitables,
                                            absl::Duration timeout) {
  if (waitables.empty()) return absl::InvalidArgumentError("WaitAny: there is nothing to wait for");
  std::vector<platform::NativeHandle> handles;
  std::vector<size_t> places;
  for (size_t i = 0; i < waitables.size(); ++i) {
    if (waitables[i].handle() == platform::kNoHandle) continue;
    handles.push_back(waitables[i].handle());
    places.push_back(i);
  }
  std::vector<size_t> ready = ReadyWithoutHandle(waitables);
  const bool look_only = !ready.empty();
  absl::StatusOr<std::vector<size_t>> more = platform::WaitForAny(
      handles, look_only ? platform::Deadline::After(absl::ZeroDuration())
                         : platform::Deadline::After(timeout));
  if (!more.ok() && !(look_only && absl::IsDeadlineExceeded(more.status()))) return more.status();
  if (more.ok()) {
    for (size_t index : *more) ready.push_back(places[index]);
  }
  std::sort(ready.begin(), ready.end());
  return ready;
}

absl::Status WaitAll(absl::Span<const Waitable> waitables, absl::Duration timeout) {
  const platform::Deadline deadline = platform::Deadline::After(timeout);
  for (const Waitable& waitable : waitables) {
    const platform::NativeHandle handle = waitable.handle();
    if (handle == platform::kNoHandle) continue;
    if (absl::Status one = platform::WaitForAny({&handle, 1}, deadline).status(); !one.ok()) return one;
  }
  return absl::OkStatus();
}

}  // namespace progeny
