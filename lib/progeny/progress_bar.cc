#include "progeny/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "platform/terminal.h"

namespace progeny {
namespace {

constexpr int kShortestBar = 10;
constexpr int kLongestBar = 50;

// "0:07", "1:02:03"
std::string Clock(absl::Duration time) {
  const int64_t seconds = absl::ToInt64Seconds(time + absl::Milliseconds(500));
  if (seconds < 3600) return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
  return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

double Share(const Progress& progress) {
  if (*progress.total <= 0) return 1;
  return std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(*progress.total));
}

std::string Figures(const Progress& progress, absl::Duration elapsed) {
  std::string figures = absl::StrCat(progress.done);
  if (progress.total) absl::StrAppend(&figures, "/", *progress.total);
  if (progress.failed > 0) absl::StrAppend(&figures, ", ", progress.failed, " failed");
  const bool goes_on = progress.total && progress.done < *progress.total;
  if (goes_on && progress.done > 0) {
    const double to_do = static_cast<double>(*progress.total - progress.done);
    absl::StrAppend(&figures, ", ", Clock(elapsed * (to_do / static_cast<double>(progress.done))),
                    " left");
  } else {
    absl::StrAppend(&figures, " in ", Clock(elapsed));
  }
  return figures;
}

// In one line of a terminal with so many columns; the last one stays free, as some go to the next
// line when it is written to.
std::string Draw(const std::string& label, const Progress& progress, absl::Duration elapsed,
                 int columns) {
  std::string begin = label;
  if (!begin.empty()) begin += ' ';
  std::string end = Figures(progress, elapsed);
  if (progress.total) {
    const double share = Share(progress);
    absl::StrAppendFormat(&begin, "%3d%% ", static_cast<int>(share * 100));
    const int room = columns - 1 - static_cast<int>(begin.size() + end.size()) - 4;
    if (room >= kShortestBar) {
      const int length = std::min(room, kLongestBar);
      const auto full = static_cast<size_t>(share * length);
      absl::StrAppend(&begin, "[", std::string(full, '#'),
                      std::string(static_cast<size_t>(length) - full, '-'), "]  ");
    }
  }
  begin += end;
  begin.resize(std::min(begin.size(), static_cast<size_t>(std::max(columns - 1, 0))));
  return begin;
}

}  // namespace

class ProgressBar::Line {
 public:
  explicit Line(ProgressBarOptions options) : options_(std::move(options)) {}
  ~Line() {
    absl::MutexLock lock(&mu_);
    End();
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void Show(const Progress& progress) {
    absl::MutexLock lock(&mu_);
    last_ = progress;
    if (ended_) return;
    if (progress.total && progress.done >= *progress.total) return End();
    const absl::Time now = absl::Now();
    if (now >= next_) Paint(now);
  }

 private:
  void Paint(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    next_ = now + options_.interval;
    const std::optional<platform::TerminalSize> terminal = platform::ErrorTerminal();
    if (!terminal) return;
    std::string text = Draw(options_.label, *last_, now - begin_, terminal->columns);
    const size_t length = text.size();
    if (length < painted_) text.append(painted_ - length, ' ');
    painted_ = length;
    std::fputs(absl::StrCat("\r", text).c_str(), stderr);
    std::fflush(stderr);
  }
  void End() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (std::exchange(ended_, true) || !last_) return;
    Paint(absl::Now());
    if (painted_ == 0) return;
    std::fputs("\n", stderr);
    std::fflush(stderr);
  }

  const ProgressBarOptions options_;
  const absl::Time begin_ = absl::Now();
  absl::Mutex mu_;
  std::optional<Progress> last_ ABSL_GUARDED_BY(mu_);
  absl::Time next_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  size_t painted_ ABSL_GUARDED_BY(mu_) = 0;  // columns of it
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
};

ProgressBar::ProgressBar(ProgressBarOptions options)
    : line_(std::make_shared<Line>(std::move(options))) {}

void ProgressBar::operator()(const Progress& progress) const { line_->Show(progress); }

}  // namespace progeny
