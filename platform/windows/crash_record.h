// The facts of a crash as they lie in a slot.
#ifndef PROGENY_PLATFORM_WINDOWS_CRASH_RECORD_H_
#define PROGENY_PLATFORM_WINDOWS_CRASH_RECORD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/crash_report.h"

namespace progeny::platform {

inline constexpr size_t kMostFrames = 29;

struct CrashFrame {
  uint64_t address;
  uint64_t image;  // where that image is loaded
};

struct CrashRecord {
  std::atomic<uint32_t> state;  // 0: nothing, 1: being told, 2: told
  uint32_t code;                // of the exception
  uint32_t has_address;
  std::atomic<uint32_t> frame_count;
  uint64_t address;
  uint64_t program;             // where the program itself is loaded
  CrashFrame frames[kMostFrames];
};
static_assert(sizeof(CrashRecord) <= kCrashRecordBytes);

// In a child whose reports are armed: tells of abort(), which raises no exception. Else nothing.
void TellAbort();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_CRASH_RECORD_H_
