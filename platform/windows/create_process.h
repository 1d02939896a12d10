// CreateProcessW with exactly the handles that are named.
#ifndef PROGENY_PLATFORM_WINDOWS_CREATE_PROCESS_H_
#define PROGENY_PLATFORM_WINDOWS_CREATE_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/handle.h"
#include "platform/launch.h"

namespace progeny::platform {

// A duplicate of `handle` that a new process can inherit, with `access` instead of its own rights
// unless that is 0. It lives for the length of one start only: while it is open, any
// CreateProcess of foreign code that inherits everything would take it along.
absl::StatusOr<Handle> InheritableDuplicate(NativeHandle handle, uint32_t access);

// All handles are borrowed; those in `inherited` must be inheritable already.
struct CreateProcessRequest {
  std::wstring application;
  std::wstring command_line;
  const ProcessSetup* setup = nullptr;
  std::vector<NativeHandle> inherited;  // besides the standard streams
  NativeHandle job = kNoHandle;         // the new process is in it before its first instruction
};

struct CreatedProcess {
  ProcessId id = 0;
  Handle process;
};

absl::StatusOr<CreatedProcess> CreateProcessWith(const CreateProcessRequest& request);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_CREATE_PROCESS_H_
