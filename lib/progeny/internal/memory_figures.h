// The figures of a MemoryUsage by name, for those who treat all of them alike.
#ifndef PROGENY_INTERNAL_MEMORY_FIGURES_H_
#define PROGENY_INTERNAL_MEMORY_FIGURES_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "progeny/memory_usage.h"

namespace progeny::internal {

struct MemoryFigure {
  absl::string_view name;
  std::optional<int64_t> MemoryUsage::*value;
};

inline constexpr MemoryFigure kMemoryFigures[] = {
    {"resident", &MemoryUsage::resident}, {"proportional", &MemoryUsage::proportional},
    {"unique", &MemoryUsage::unique},     {"shared", &MemoryUsage::shared},
    {"copied", &MemoryUsage::copied},     {"swapped", &MemoryUsage::swapped},
};

// Each figure's higher value; one that is absent in both stays absent.
inline void RaiseTo(MemoryUsage& peak, const MemoryUsage& usage) {
  for (const MemoryFigure& figure : kMemoryFigures) {
    if ((usage.*figure.value).has_value()) {
      peak.*figure.value = std::max((peak.*figure.value).value_or(0), *(usage.*figure.value));
    }
  }
}

// A sum lacks what one of its parts lacks.
inline void AddTo(MemoryUsage& sum, const MemoryUsage& usage) {
  for (const MemoryFigure& figure : kMemoryFigures) {
    if ((sum.*figure.value).has_value() && (usage.*figure.value).has_value()) {
      *(sum.*figure.value) += *(usage.*figure.value);
    } else {
      sum.*figure.value = std::nullopt;
    }
  }
}

inline MemoryUsage NoMemory() {
  return {.resident = 0, .proportional = 0, .unique = 0, .shared = 0, .copied = 0, .swapped = 0};
}

// What a usage weighs when only one number can count: what it really takes where that is told.
inline int64_t WeightOf(const MemoryUsage& usage) {
  if (usage.proportional.has_value()) return *usage.proportional;
  return usage.resident.value_or(0);
}

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_MEMORY_FIGURES_H_
