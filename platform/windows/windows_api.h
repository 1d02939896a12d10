// The one place that includes <windows.h>, trimmed so that its macros do the least harm.
#ifndef PROGENY_PLATFORM_WINDOWS_WINDOWS_API_H_
#define PROGENY_PLATFORM_WINDOWS_WINDOWS_API_H_

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#include <windows.h>

#include "platform/handle.h"

namespace progeny::platform {

inline HANDLE ToHandle(NativeHandle native) { return reinterpret_cast<HANDLE>(native); }

// Windows says "no handle" in two ways, by function: both become kNoHandle.
inline NativeHandle FromHandle(HANDLE handle) {
  return handle == nullptr ? kNoHandle : reinterpret_cast<NativeHandle>(handle);
}

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_WINDOWS_API_H_
