// Writes the page of a report that never was: marks, figures of which a system tells only one,
// names that want to be markup. made_up_report <file>
#include "progeny/memory_report.h"

namespace {

progeny::MemorySample At(absl::Duration at, int64_t mebibytes) {
  return {.at = at, .usage = {.resident = mebibytes << 20}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  progeny::MemoryRecord record;
  record.title = "made up";
  record.system = "no system";
  record.duration = absl::Seconds(200);
  record.interval = absl::Seconds(1);
  record.looks = 3;
  record.readings = 3;
  record.peak = {.resident = int64_t{48} << 20};
  progeny::ProcessMemory& process = record.processes.emplace_back();
  process.id = 17;
  process.name = "<b>bold</b> & \"quoted\"";
  process.last_seen = absl::Seconds(200);
  process.peak = record.peak;
  process.samples = {At(absl::ZeroDuration(), 2), At(absl::Seconds(90), 48),
                     At(absl::Seconds(200), 30)};
  record.total = process.samples;
  record.marks = {{absl::Seconds(40), "table loaded"},
                  {absl::Seconds(41), "<i>and soon after</i>"}};
  return record.SaveHtml(argv[1]).ok() ? 0 : 1;
}
