// The file this program runs from.
#ifndef PROGENY_PLATFORM_WINDOWS_OWN_IMAGE_H_
#define PROGENY_PLATFORM_WINDOWS_OWN_IMAGE_H_

#include <string>

#include "absl/status/statusor.h"

namespace progeny::platform {

// A path that holds this very build now, also when the program was renamed since it was started
// (on the same volume; not under Wine, which doesn't know the new name). FailedPrecondition when
// another build stands there now.
absl::StatusOr<std::wstring> OwnImagePath();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_OWN_IMAGE_H_
