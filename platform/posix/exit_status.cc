#include "platform/exit_status.h"

#include <signal.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace progeny::platform {
namespace {

struct SignalName {
  int number;
  const char* name;
};

constexpr SignalName kSignalNames[] = {
    {SIGHUP, "SIGHUP"},       {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},
    {SIGTRAP, "SIGTRAP"},     {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
    {SIGKILL, "SIGKILL"},     {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
    {SIGPIPE, "SIGPIPE"},     {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGCHLD, "SIGCHLD"},
    {SIGCONT, "SIGCONT"},     {SIGSTOP, "SIGSTOP"}, {SIGTSTP, "SIGTSTP"}, {SIGTTIN, "SIGTTIN"},
    {SIGTTOU, "SIGTTOU"},     {SIGURG, "SIGURG"},   {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
    {SIGVTALRM, "SIGVTALRM"}, {SIGPROF, "SIGPROF"}, {SIGSYS, "SIGSYS"},
};

std::string SignalNameOf(int number) {
  for (const SignalName& signal : kSignalNames) {
    if (signal.number == number) return signal.name;
  }
  return absl::StrCat("signal ", number);
}

bool IsFault(uint32_t number) {
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    if (static_cast<uint32_t>(fault) == number) return true;
  }
  return false;
}

}  // namespace

bool IsCrash(const ExitInfo& info) {
  return info.kind == ExitInfo::Kind::kSignalled && IsFault(info.code);
}

bool IsTermination(const ExitInfo& info) {
  return info.kind == ExitInfo::Kind::kSignalled && !IsFault(info.code);
}

std::string Describe(const ExitInfo& info) {
  switch (info.kind) {
    case ExitInfo::Kind::kExited:
      return absl::StrCat("exit code ", info.code);
    case ExitInfo::Kind::kSignalled:
      return absl::StrCat("killed by ", SignalNameOf(static_cast<int>(info.code)),
                          info.core_dumped ? " (core dumped)" : "");
    case ExitInfo::Kind::kException:
    case ExitInfo::Kind::kEndedByUs:
    case ExitInfo::Kind::kUnknown:
      break;
  }
  return "status unknown";
}

}  // namespace progeny::platform
