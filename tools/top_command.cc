// progeny top: a live tree of processes with what each really costs.
//
// Only the rows on the screen are read, and after a reading that took t it rests for 99 t at least:
// looking at memory must not be what the machine is busy with.
#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "commands.h"
#include "process_view.h"
#include "progeny/wait.h"

namespace progeny_tool {
namespace {

using progeny::internal::Padding;
using progeny::internal::Printable;
using progeny::internal::TerminalScreen;
using progeny::internal::TerminalSize;
using progeny::internal::UserSignal;
using progeny::internal::UserSignals;

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr int kHeadLines = 3;
constexpr char kEscape = '\x1B';

class Screen {
 public:
  Screen(ProcessView view, absl::Duration interval, UserSignals signals, TerminalScreen terminal)
      : view_(std::move(view)),
        interval_(interval),
        signals_(std::move(signals)),
        terminal_(std::move(terminal)) {}

  // The exit code.
  int Run() {
    while (!exit_code_.has_value()) {
      const absl::Time begin = absl::Now();
      if (const absl::Status there = view_.Look(); !there.ok()) {
        last_words_ = std::string(there.message());
        return 0;
      }
      Clamp();
      view_.Read(first_, Room());
      const absl::Duration rest = std::max(interval_, 99 * (absl::Now() - begin));
      const absl::Time until = absl::Now() + rest;
      Draw();
      while (!exit_code_.has_value() && absl::Now() < until) Listen(until - absl::Now());
    }
    return *exit_code_;
  }

  const std::string& last_words() const { return last_words_; }

 private:
  static size_t Room() {
    return static_cast<size_t>(std::max(1, progeny::internal::GetTerminalSize().rows - kHeadLines));
  }

  void Clamp() {
    const size_t rows = view_.rows().size();
    first_ = std::min(first_, rows > Room() ? rows - Room() : 0);
  }

  // Each line is cleared as it is written, and nothing is cleared before: it doesn't flicker.
  void Draw() const {
    const TerminalSize size = progeny::internal::GetTerminalSize();
    const size_t columns = static_cast<size_t>(size.columns);
    const size_t shown = std::min(Room(), view_.rows().size() - first_);
    std::string head = absl::StrFormat("progeny top   %d processes", view_.rows().size());
    if (const auto memory = progeny::GetSystemMemory(); memory.ok()) {
      absl::StrAppendFormat(&head, "   %.1f of %.1f GiB available",
                            static_cast<double>(memory->available) / (1 << 30),
                            static_cast<double>(memory->total) / (1 << 30));
    }
    std::string frame = absl::StrCat("\x1B[H", Printable(head, columns, Padding::kNone), "\x1B[K\n",
                                     "\x1B[7m", ProcessView::Heading(columns), "\x1B[0m\x1B[K\n");
    for (size_t i = first_; i < first_ + shown; ++i) {
      absl::StrAppend(&frame, view_.Line(i, columns), "\x1B[K\n");
    }
    absl::StrAppend(&frame, "\x1B[J\x1B[", size.rows, ";1H",
                    Printable("q quits, j and k or arrows scroll", columns, Padding::kNone),
                    "\x1B[K");
    std::cout << frame << std::flush;
  }

  void Listen(absl::Duration patience) {
    progeny::WaitAny({terminal_.keys(), signals_.handle()}, patience).IgnoreError();
    bool redraw = false;
    while (const std::optional<UserSignal> signal = signals_.Take()) {
      if (signal->kind == UserSignal::Kind::kResize) redraw = true;
      if (signal->kind == UserSignal::Kind::kInterrupt || signal->kind == UserSignal::Kind::kEnd) {
        exit_code_ = kSignalBase + signal->number;
      }
    }
    while (!exit_code_.has_value()) {  // a terminal that is gone would say 'q' for ever
      const std::optional<char> key = terminal_.ReadKey();
      if (!key.has_value()) break;
      redraw = Press(*key) || redraw;
    }
    if (!redraw || exit_code_.has_value()) return;
    Clamp();
    view_.Read(first_, Room());
    Draw();
  }

  // Whether the screen looks different now. Arrows come as Escape, '[', and a letter.
  bool Press(char key) {
    const bool arrow = before_ == '[' && before_that_ == kEscape;
    before_that_ = std::exchange(before_, key);
    if (key == 'q' || key == 'Q') exit_code_ = 0;
    const size_t before = first_;
    if (key == 'j' || (arrow && key == 'B')) ++first_;
    if ((key == 'k' || (arrow && key == 'A')) && first_ > 0) --first_;
    return first_ != before;
  }

  ProcessView view_;
  const absl::Duration interval_;
  UserSignals
      signals_;  // outlives the screen: a signal while that is put back mustn't end the program
  TerminalScreen terminal_;
  size_t first_ = 0;
  char before_ = 0;
  char before_that_ = 0;
  std::optional<int> exit_code_;
  std::string last_words_;
};

int Fail(const absl::Status& status) {
  Complain(status.message());
  return kToolFailed;
}

int PrintOnce(ProcessView view, const Arguments& arguments) {
  if (const absl::Status there = view.Look(); !there.ok()) return Fail(there);
  view.Read(0, view.rows().size());
  if (arguments.json) {
    std::cout << view.ToJson() << std::flush;
    return 0;
  }
  constexpr size_t kColumns = 160;
  std::cout << ProcessView::Heading(kColumns) << "\n";
  for (size_t i = 0; i < view.rows().size(); ++i) std::cout << view.Line(i, kColumns) << "\n";
  std::cout << std::flush;
  return 0;
}

}  // namespace

int RunTop(const Arguments& arguments) {
  ProcessView view(arguments.pid);
  if (arguments.json || !progeny::internal::HasTerminal()) {
    return PrintOnce(std::move(view), arguments);
  }
  // Before the screen changes: an error is to stay readable.
  if (const absl::Status there = view.Look(); !there.ok()) return Fail(there);
  absl::StatusOr<UserSignals> signals = UserSignals::Catch();
  if (!signals.ok()) return Fail(signals.status());
  absl::StatusOr<TerminalScreen> terminal = TerminalScreen::Open();
  if (!terminal.ok()) return Fail(terminal.status());
  int exit_code = 0;
  std::string last_words;
  {
    Screen screen(std::move(view), arguments.interval.value_or(kInterval), *std::move(signals),
                  *std::move(terminal));
    exit_code = screen.Run();
    last_words = screen.last_words();
  }
  if (!last_words.empty()) Complain(last_words);
  return exit_code;
}

}  // namespace progeny_tool
