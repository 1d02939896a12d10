// How far a Map has come, as a line in the terminal.
//
//     pool->Map(progeny::fn<&Parse>, files, {.on_progress = progeny::ProgressBar({.label =
//     "parsing"})});
//
//     parsing  52% [###############-------------]  520/1000, 3 failed, 0:12 left
//
// Drawn on standard error, and only while that is a terminal: a program whose errors go to a file
// or a pipe writes nothing. Nobody draws without being asked: on_progress is empty unless it is
// set, so a library leaves it to its caller.
#ifndef PROGENY_PROGRESS_BAR_H_
#define PROGENY_PROGRESS_BAR_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "progeny/pool_options.h"

namespace progeny {

struct ProgressBarOptions {
  std::string label = {};                             // in front of it; one line of printable text
  absl::Duration interval = absl::Milliseconds(100);  // at least, from one drawing to the next
};

// To be called with what Map tells. Copies are one bar. It is ended, and the line with it, once
// everything is done, or by the destructor of the last copy; a bar that has ended draws no more.
// What else the program writes to the terminal meanwhile stands in the middle of it. Thread-safe.
class ProgressBar {
 public:
  explicit ProgressBar(ProgressBarOptions options = {});

  void operator()(const Progress& progress) const;

 private:
  class Line;
  std::shared_ptr<Line> line_;
};

}  // namespace progeny

#endif  // PROGENY_PROGRESS_BAR_H_
