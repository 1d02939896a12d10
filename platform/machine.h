// What this machine grants to programs that start processes: limits, memory, features of the
// kernel.
//
// For people to read, and for programs that only pass it on. Progeny itself branches on
// Capabilities(). What can't be read is left out. Thread-safe; everything is asked anew.
#ifndef PROGENY_PLATFORM_MACHINE_H_
#define PROGENY_PLATFORM_MACHINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace progeny::platform {

struct MachineFact {
  enum class Unit { kNone, kBytes, kCount };
  std::string topic;  // "memory", "limits", "kernel", "cpu"
  std::string name;   // "RLIMIT_NOFILE", "/dev/shm"
  std::string value;  // in words, when it is no number; else ""
  std::optional<int64_t> number;
  Unit unit = Unit::kNone;
  std::string warning;  // what will bite, and the way out; "" when nothing will
};

std::vector<MachineFact> MachineFacts();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_MACHINE_H_
