#ifndef PROGENY_PLATFORM_UNSUPPORTED_NOT_PORTED_H_
#define PROGENY_PLATFORM_UNSUPPORTED_NOT_PORTED_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace progeny::platform {

inline absl::Status NotPorted(absl::string_view what) {
  return absl::UnimplementedError(absl::StrCat(what, ": not ported to this operating system"));
}

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_UNSUPPORTED_NOT_PORTED_H_
