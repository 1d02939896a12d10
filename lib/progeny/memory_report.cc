#include "progeny/memory_report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "progeny/internal/memory_sampler.h"

namespace progeny {
namespace {

absl::Status Check(const MemoryReportOptions& options) {
  if (options.interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("interval: ", absl::FormatDuration(options.interval), " is not positive"));
  }
  // Written so that a NaN is refused as well.
  if (!(options.cpu_share > 0 && options.cpu_share <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cpu_share: ", options.cpu_share, " is not above 0 and at most 1"));
  }
  if (options.max_figures < 100) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_figures: ", options.max_figures, " is less than 100"));
  }
  return absl::OkStatus();
}

absl::Status RecordedElsewhere() {
  return absl::FailedPreconditionError(
      "this memory report belongs to the parent process; start one of your own in the child");
}

}  // namespace

MemoryReport::MemoryReport(std::unique_ptr<internal::MemorySampler> sampler)
    : sampler_(std::move(sampler)) {}

MemoryReport::MemoryReport(MemoryReport&&) noexcept = default;

MemoryReport& MemoryReport::operator=(MemoryReport&& other) noexcept {
  if (this == &other) return *this;
  EndOfOwner();
  sampler_ = std::move(other.sampler_);
  return *this;
}

MemoryReport::~MemoryReport() { EndOfOwner(); }

// In a forked child the thread does not exist and the lock may be held by nobody: what can't be
// destroyed is left to the end of the process.
void MemoryReport::EndOfOwner() {
  if (sampler_ != nullptr && !IsOurs()) (void)sampler_.release();
}

bool MemoryReport::IsOurs() const { return sampler_ != nullptr && sampler_->IsOurs(); }

absl::StatusOr<MemoryReport> MemoryReport::Start(MemoryReportOptions options) {
  if (absl::Status sound = Check(options); !sound.ok()) return sound;
  absl::StatusOr<std::unique_ptr<internal::MemorySampler>> sampler =
      internal::MemorySampler::Start(std::move(options));
  if (!sampler.ok()) return sampler.status();
  return MemoryReport(*std::move(sampler));
}

absl::Status MemoryReport::Mark(absl::string_view text) {
  return IsOurs() ? sampler_->Mark(text) : RecordedElsewhere();
}

absl::Status MemoryReport::Stop() {
  if (!IsOurs()) return RecordedElsewhere();
  sampler_->Stop();
  return absl::OkStatus();
}

bool MemoryReport::running() const { return IsOurs() && sampler_->running(); }

absl::StatusOr<MemoryRecord> MemoryReport::record() const {
  if (!IsOurs()) return RecordedElsewhere();
  return sampler_->record();
}

std::string MemoryReport::ToTable() const { return record().value_or(MemoryRecord()).ToTable(); }

std::string MemoryReport::ToJson() const { return record().value_or(MemoryRecord()).ToJson(); }

std::string MemoryReport::ToHtml() const { return record().value_or(MemoryRecord()).ToHtml(); }

}  // namespace progeny
