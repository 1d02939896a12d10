// The mark is one more argument, behind all others. It is cut from argv in the guard, and its bytes
// are zeroed, as `ps` reads them from the process's memory.
//
// There is no descriptor or link to execute, only paths: one is used if the image at its end has
// this program's LC_UUID. So a program that was replaced on disk is refused, never run by mistake.
// Between that look and the start the file may be replaced still; then the child refuses its entry.
#include "platform/posix/own_image.h"

#include <crt_externs.h>
#include <libproc.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "platform/image.h"
#include "platform/posix/loaded_images.h"
#include "platform/posix/spawn.h"

namespace progeny::platform {
namespace {

constexpr char kMark[] = "--progeny-child";

bool IsMark(const char* argument) {
  return argument != nullptr && std::strcmp(argument, kMark) == 0;
}

// Copied before main: getopt and others sort argv, and the guard cuts it.
struct StartArguments {
  std::vector<std::string> without_mark;
  bool marked = false;

  StartArguments() {
    char** all = *_NSGetArgv();
    for (int i = 0; i < *_NSGetArgc() && all[i] != nullptr; ++i) without_mark.emplace_back(all[i]);
    marked = without_mark.size() > 1 && IsMark(without_mark.back().c_str());
    if (marked) without_mark.pop_back();
  }
};

const StartArguments& Arguments() {
  static const auto& arguments = *new StartArguments;
  return arguments;
}

[[maybe_unused]] const bool copied_before_main = (Arguments(), true);

bool IsThisProgram(const std::string& path) {
  const absl::StatusOr<std::string> there = BuildIdOfFile(path);
  return there.ok() && *there == ProgramBuildId();
}

// The path it was started by, or where the kernel says that its file is by now.
absl::StatusOr<std::string> OwnImagePath() {
  const std::string started_by = AbsolutePath(ProgramPath());
  if (IsThisProgram(started_by)) return started_by;
  char path[PROC_PIDPATHINFO_MAXSIZE];
  const int size = proc_pidpath(getpid(), path, sizeof path);
  if (size > 0) {
    std::string now(path, static_cast<size_t>(size));
    if (IsThisProgram(now)) return now;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("start this program again: '", started_by,
                   "' was deleted or is another build by now; leave the file in place while the "
                   "program runs, or set ProcessOptions::executable"));
}

// Off the end of an array of arguments, if it is there or was cut there already.
void CutMark(int& argc, char** argv) {
  if (argc < 2 || (argv[argc - 1] != nullptr && !IsMark(argv[argc - 1]))) return;
  argv[--argc] = nullptr;
}

}  // namespace

absl::StatusOr<MarkedImage> MarkImage(const std::string& executable) {
  if (!executable.empty()) return MarkedImage{AbsolutePath(executable), {executable, kMark}};
  absl::StatusOr<std::string> path = OwnImagePath();
  if (!path.ok()) return path.status();
  MarkedImage image{*std::move(path), Arguments().without_mark};
  if (image.arguments.empty()) image.arguments.push_back(image.path);
  image.arguments.emplace_back(kMark);
  return image;
}

bool StartedThroughMark() { return Arguments().marked; }

void RemoveMark(int* argc, char** argv) {
  if (!StartedThroughMark()) return;
  int& own_argc = *_NSGetArgc();
  char** own_argv = *_NSGetArgv();
  char* text = own_argc > 1 && IsMark(own_argv[own_argc - 1]) ? own_argv[own_argc - 1] : nullptr;
  CutMark(own_argc, own_argv);
  if (argc != nullptr && argv != nullptr && argc != &own_argc) CutMark(*argc, argv);
  if (text != nullptr) std::memset(text, 0, sizeof kMark - 1);
}

}  // namespace progeny::platform
