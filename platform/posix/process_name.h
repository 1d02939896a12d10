// The short name under which tools list a process, where there is one.
#ifndef PROGENY_PLATFORM_POSIX_PROCESS_NAME_H_
#define PROGENY_PLATFORM_POSIX_PROCESS_NAME_H_

namespace progeny::platform {

// The calling thread is the only one. At most fifteen bytes count. Async-signal-safe.
void NameProcess(const char* name);
// In a child of a process that was named so: the name that it had before.
void UnnameProcess();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_PROCESS_NAME_H_
