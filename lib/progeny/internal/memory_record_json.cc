// Series are columns (one array per figure, all as long as "at_ms"): a third of the size that an
// object per sample would have.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "progeny/internal/json.h"
#include "progeny/internal/memory_figures.h"
#include "progeny/memory_report.h"

namespace progeny {
namespace {

using internal::JsonArray;
using internal::JsonMembers;
using internal::JsonNumber;
using internal::JsonObject;
using internal::JsonString;

// Tenths of a millisecond are more than any sampling knows.
std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.1f", absl::ToDoubleMilliseconds(duration));
}

std::string Boolean(bool value) { return value ? "true" : "false"; }

std::string Usage(const MemoryUsage& usage) {
  JsonMembers members;
  for (const internal::MemoryFigure& figure : internal::kMemoryFigures) {
    members.emplace_back(figure.name, JsonNumber(usage.*figure.value));
  }
  return JsonObject(members);
}

std::string Series(const std::vector<MemorySample>& samples) {
  std::vector<std::string> column;
  for (const MemorySample& sample : samples) column.push_back(Milliseconds(sample.at));
  JsonMembers members = {{"at_ms", JsonArray(column, "")}};
  column.clear();
  for (const MemorySample& sample : samples) column.push_back(sample.brief ? "1" : "0");
  members.emplace_back("brief", JsonArray(column, ""));
  for (const internal::MemoryFigure& figure : internal::kMemoryFigures) {
    column.clear();
    for (const MemorySample& sample : samples) {
      column.push_back(JsonNumber(sample.usage.*figure.value));
    }
    members.emplace_back(figure.name, JsonArray(column, ""));
  }
  return JsonObject(members);
}

std::string Row(const ProcessMemory& process) {
  return JsonObject({{"id", absl::StrCat(process.id)},
                     {"parent", absl::StrCat(process.parent_id)},
                     {"name", JsonString(process.name)},
                     {"command", JsonString(process.command)},
                     {"first_seen_ms", Milliseconds(process.first_seen)},
                     {"last_seen_ms", Milliseconds(process.last_seen)},
                     {"ended", Boolean(process.ended)},
                     {"readable", Boolean(process.readable)},
                     {"peak", Usage(process.peak)},
                     {"samples", Series(process.samples)}});
}

}  // namespace

std::string MemoryRecord::ToJson() const {
  std::vector<std::string> rows, mark_texts;
  for (const ProcessMemory& process : processes) rows.push_back(Row(process));
  for (const MemoryMark& mark : marks) {
    mark_texts.push_back(
        JsonObject({{"at_ms", Milliseconds(mark.at)}, {"text", JsonString(mark.text)}}));
  }
  const JsonMembers members = {
      {"title", JsonString(title)},
      {"system", JsonString(system)},
      {"memory_of_machine", JsonNumber(memory_of_machine)},
      {"root", absl::StrCat(root)},
      {"started", JsonString(absl::FormatTime(absl::RFC3339_sec, started, absl::UTCTimeZone()))},
      {"duration_ms", Milliseconds(duration)},
      {"interval_ms", Milliseconds(interval)},
      {"reading_ms", Milliseconds(reading)},
      {"looks", absl::StrCat(looks)},
      {"readings", absl::StrCat(readings)},
      {"looks_kept", absl::StrCat(total.size())},
      {"processes_not_kept", absl::StrCat(processes_not_kept)},
      {"peak", Usage(peak)},
      {"total", Series(total)},
      {"processes", JsonArray(rows, "\n    ")},
      {"marks", JsonArray(mark_texts, "\n    ")}};
  return absl::StrCat(JsonObject(members, "\n  "), "\n");
}

}  // namespace progeny
