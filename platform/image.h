// Which loaded image (program, shared library, plugin) an address lies in, named so that another
// process finds the same byte: by build identity and offset, never by a name of a symbol.
//
// Why not names: functions in anonymous namespaces, static ones and lambdas share mangled names
// across files; (build id, offset) had no clash in any build mode tried (docs/design.md).
#ifndef PROGENY_PLATFORM_IMAGE_H_
#define PROGENY_PLATFORM_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace progeny::platform {

struct ImageAddress {
  std::string build_id;       // lower-case hex of the linker's id (ELF note, PE GUID, LC_UUID)
  std::string path;           // UTF-8, absolute; the program's own may no longer exist
  bool main_program = false;
  uint64_t offset = 0;        // from the image's load base
};

// FailedPrecondition when the image carries no build id (the message tells the linker option),
// NotFound when the address lies in no image. Thread-safe; about a microsecond once warm.
absl::StatusOr<ImageAddress> FindImage(const void* address);

// The address in this process, with at least `size` readable bytes behind it. An image that isn't
// loaded is loaded, by path, if the file's build id is the wanted one: nothing of another build is
// ever run. FailedPrecondition naming both ids when the build differs, NotFound when the file is gone.
absl::StatusOr<const void*> ResolveImage(const ImageAddress& address, size_t size);

// Path of the running program, for messages.
std::string ProgramPath();

// A mark that every copy of progeny in this process can see (a program and a plugin may each have
// linked their own): set by the main guard. Idempotent, cheap; inherited by fork, not by exec.
void PublishGuard();
bool GuardPublished();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_IMAGE_H_
