// Waiting for more than 64 handles.
//
// WaitForMultipleObjects takes at most 64 handles, none of them twice. So what is ready already is
// collected in portions; only if nothing is, and the handles are more than one call takes, the
// system's wait threads watch them (RegisterWaitForSingleObject) and set one event.
#include "platform/wait_set.h"

#include <algorithm>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr size_t kPortion = MAXIMUM_WAIT_OBJECTS;

// Distinct handles, and for each of them the indices under which the caller named it.
struct DistinctHandles {
  std::vector<HANDLE> handles;
  std::vector<std::vector<size_t>> indices;
};

absl::Status NotWaitable(size_t index) {
  return absl::InvalidArgumentError(
      absl::StrCat("wait for handle number ", index, " of the list: it is not an open handle"));
}

absl::StatusOr<DistinctHandles> Distinct(absl::Span<const NativeHandle> handles) {
  DistinctHandles distinct;
  std::map<NativeHandle, size_t> seen;
  for (size_t i = 0; i < handles.size(); ++i) {
    // Negative values are pseudo handles ("this process"), which are waited for without end.
    if (handles[i] <= 0) return NotWaitable(i);
    const auto [at, added] = seen.emplace(handles[i], distinct.handles.size());
    if (added) {
      distinct.handles.push_back(ToHandle(handles[i]));
      distinct.indices.emplace_back();
    }
    distinct.indices[at->second].push_back(i);
  }
  return distinct;
}

absl::Status WhyWaitFailed(const DistinctHandles& distinct, size_t from, size_t to) {
  const DWORD error = GetLastError();
  for (size_t i = from; i < to; ++i) {
    if (WaitForSingleObject(distinct.handles[i], 0) == WAIT_FAILED) {
      return NotWaitable(distinct.indices[i].front());
    }
  }
  return OsError(error, "wait for several handles", "");
}

// Positions in distinct.handles between `from` and `to`, at most kPortion apart, that are
// signalled now; the first of them is waited for `milliseconds`.
absl::StatusOr<std::vector<size_t>> ReadyInPortion(const DistinctHandles& distinct, size_t from,
                                                   size_t to, DWORD milliseconds) {
  std::vector<size_t> ready;
  while (from < to) {
    const DWORD result = WaitForMultipleObjects(static_cast<DWORD>(to - from),
                                                &distinct.handles[from], FALSE, milliseconds);
    if (result == WAIT_TIMEOUT) break;
    if (result == WAIT_FAILED) return WhyWaitFailed(distinct, from, to);
    const DWORD first = result >= WAIT_ABANDONED_0 ? WAIT_ABANDONED_0 : WAIT_OBJECT_0;
    from += result - first;
    ready.push_back(from++);
    milliseconds = 0;
  }
  return ready;
}

absl::StatusOr<std::vector<size_t>> ReadyNow(const DistinctHandles& distinct) {
  std::vector<size_t> ready;
  for (size_t from = 0; from < distinct.handles.size(); from += kPortion) {
    const size_t to = std::min(from + kPortion, distinct.handles.size());
    absl::StatusOr<std::vector<size_t>> portion = ReadyInPortion(distinct, from, to, 0);
    if (!portion.ok()) return portion.status();
    ready.insert(ready.end(), portion->begin(), portion->end());
  }
  return ready;
}

void CALLBACK SetEventOf(void* event, BOOLEAN) { SetEvent(event); }

// Watches handles until destroyed. Its destructor waits for callbacks that are under way.
class Watch {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    for (HANDLE wait : waits_) UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
  }

  absl::Status Add(HANDLE handle, HANDLE event) {
    HANDLE wait = nullptr;
    if (!RegisterWaitForSingleObject(&wait, handle, &SetEventOf, event, INFINITE,
                                     WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE)) {
      return LastOsError("watch a handle", "");
    }
    waits_.push_back(wait);
    return absl::OkStatus();
  }

 private:
  std::vector<HANDLE> waits_;
};

// Returns when a handle may be ready or the deadline has passed.
absl::Status WaitForMany(const DistinctHandles& distinct, Deadline deadline) {
  const Handle event(FromHandle(CreateEventW(nullptr, TRUE, FALSE, nullptr)));
  if (!event.valid()) return LastOsError("create an event", "");
  Watch watch;
  for (HANDLE handle : distinct.handles) {
    if (absl::Status added = watch.Add(handle, ToHandle(event.get())); !added.ok()) return added;
  }
  WaitForSingleObject(ToHandle(event.get()), static_cast<DWORD>(deadline.RemainingMilliseconds()));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<size_t>> WaitOnce(const DistinctHandles& distinct, Deadline deadline) {
  const size_t count = distinct.handles.size();
  if (count == 0) {
    Sleep(static_cast<DWORD>(deadline.RemainingMilliseconds()));
    return std::vector<size_t>();
  }
  if (count <= kPortion) {
    return ReadyInPortion(distinct, 0, count,
                          static_cast<DWORD>(deadline.RemainingMilliseconds()));
  }
  absl::StatusOr<std::vector<size_t>> ready = ReadyNow(distinct);
  if (!ready.ok() || !ready->empty()) return ready;
  if (absl::Status waited = WaitForMany(distinct, deadline); !waited.ok()) return waited;
  return ReadyNow(distinct);
}

}  // namespace

absl::StatusOr<std::vector<size_t>> WaitForAny(absl::Span<const NativeHandle> handles,
                                               Deadline deadline) {
  const absl::StatusOr<DistinctHandles> distinct = Distinct(handles);
  if (!distinct.ok()) return distinct.status();
  for (;;) {
    // Asked before the wait: what is ready at the deadline is told as ready.
    const bool last_try = deadline.passed();
    absl::StatusOr<std::vector<size_t>> ready = WaitOnce(*distinct, deadline);
    if (!ready.ok()) return ready;
    if (!ready->empty()) {
      std::vector<size_t> indices;
      for (size_t position : *ready) {
        const std::vector<size_t>& named = distinct->indices[position];
        indices.insert(indices.end(), named.begin(), named.end());
      }
      std::sort(indices.begin(), indices.end());
      return indices;
    }
    if (last_try) return absl::DeadlineExceededError("wait for any of several handles: timed out");
  }
}

absl::StatusOr<Wakeup> Wakeup::Create() {
  Wakeup wakeup;
  wakeup.ready_ = Handle(FromHandle(CreateEventW(nullptr, TRUE, FALSE, nullptr)));
  if (!wakeup.ready_.valid()) return LastOsError("create an event", "");
  return wakeup;
}

void Wakeup::Set() { SetEvent(ToHandle(ready_.get())); }

void Wakeup::Clear() { ResetEvent(ToHandle(ready_.get())); }

}  // namespace progeny::platform
