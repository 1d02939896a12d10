// Interleavings of a crash:
// * A fault inside the handler (a torn stack under the unwinder): the signal is blocked there, so the
//   kernel ends the process at once, by the same signal. What was written until then is told.
// * Another thread crashes too: the first one tells; the others wait for it to end the process.
// * A forked child of this process has the handlers, but the slot isn't its own: it compares process ids.
// * The user's code closes all descriptors, and another file gets the slot's number: the file is
//   compared before the notes are written to it.
// * The handler that was there before returns, so the process lives on: the record is taken back.
#include "platform/crash_report.h"

#include <dlfcn.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/exit_status.h"
#include "platform/posix/crash_record.h"
#include "platform/posix/own_state.h"

namespace progeny::platform {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

// Not touched until a crash, and so not there until then.
alignas(16) char alternate_stack[64 << 10];

// Through pointers, which the loader fills at start-up: in a forked child each call that its parent has
// never made would be bound anew, and that look-up touches nine pages of the loader and its tables.
int (*const volatile set_action)(int, const struct sigaction*, struct sigaction*) = &sigaction;
int (*const volatile set_stack)(const stack_t*, stack_t*) = &sigaltstack;

constexpr size_t kMostNotes = 256 << 10;

// Written before the first handler is installed.
struct alignas(4096) Armed {
  CrashReportPlace place;
  pid_t process = 0;
  bool prepared = false;  // handlers are installed already
  struct sigaction before[std::size(kSignals)];
} armed;

struct sigaction& Before(int signal) {
  const auto* const found = std::find(std::begin(kSignals), std::end(kSignals), signal);
  return armed.before[found - std::begin(kSignals)];
}

bool IsDefault(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

struct Walk {
  CrashRecord* record;
  bool in_handler = true;
  uint64_t last = 0;
};

// The handler's own frames come first; the one where it happened is known by its address, which is no
// return address.
_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* argument) {
  Walk& walk = *static_cast<Walk*>(argument);
  int is_exact = 0;
  const uint64_t ip = _Unwind_GetIPInfo(context, &is_exact);
  if (is_exact != 0 && walk.in_handler) {
    walk.in_handler = false;
    walk.record->frame_count.store(0, std::memory_order_relaxed);
  }
  const uint32_t count = walk.record->frame_count.load(std::memory_order_relaxed);
  if (count == kMostFrames) return walk.in_handler ? _URC_NO_REASON : _URC_END_OF_STACK;
  walk.record->frames[count] = ip;
  walk.record->frame_count.store(count + 1, std::memory_order_release);
  return _URC_NO_REASON;
}

// Whether what lies in the file is what lies in the mapping.
bool IsStillTheSlot(int file) {
  CrashRecord there;
  const auto* const here = armed.place.record;
  const auto offset = static_cast<off_t>(here - armed.place.region->head());
  return pread(file, &there, sizeof there, offset) == static_cast<ssize_t>(sizeof there) &&
         std::memcmp(&there, here, sizeof there) == 0;
}

void Tell(int signal, const siginfo_t& info, const void* context) {
  CrashRecord& record = CrashRecordAt(armed.place.record);
  record.signal = signal;
  record.code = info.si_code;
  record.address = reinterpret_cast<uint64_t>(info.si_addr);
  record.stack_overflow = signal == SIGSEGV && IsStackOverflow(record.address, context) ? 1 : 0;
  Walk walk{&record};
  _Unwind_Backtrace(&OnFrame, &walk);
  const int file = static_cast<int>(armed.place.region->handle());
  if (armed.place.tail_taken->load() == 0 && IsStillTheSlot(file)) {
    CrashNotes notes(file, armed.place.region->head_size());
    NoteImages({record.frames, record.frame_count.load()}, notes);
    record.notes_size.store(static_cast<uint32_t>(notes.size()), std::memory_order_release);
  }
  record.state.store(kTold, std::memory_order_release);
}

// By the very instruction, if it would fault again; else by a signal that waits for our return.
void DieOf(int signal, const siginfo_t& info) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  const bool faults_again = info.si_code > 0 && (signal == SIGSEGV || signal == SIGBUS ||
                                                 signal == SIGFPE || signal == SIGILL);
  if (!faults_again) raise(signal);
}

void OnFault(int signal, siginfo_t* info, void* context) {
  const int kept = errno;
  CrashRecord& record = CrashRecordAt(armed.place.record);
  const bool ours = getpid() == armed.process;
  uint32_t none = kNoCrash;
  const bool first = ours && record.state.compare_exchange_strong(none, kBeingTold);
  if (first) Tell(signal, *info, context);
  for (int i = 0; ours && !first && i < 200 && record.state.load() == kBeingTold; ++i) {
    const timespec nap{0, 10'000'000};
    nanosleep(&nap, nullptr);
  }
  const struct sigaction& before = Before(signal);
  if (IsDefault(before)) return DieOf(signal, *info);
  errno = kept;
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(signal, info, context);
  } else {
    before.sa_handler(signal);
  }
  if (first) record.state.store(kNoCrash);
}

// On one of its own a handler runs also when the stack is full. One that is there already stays.
void UseAlternateStack() {
  stack_t stack{};
  stack.ss_sp = alternate_stack;
  stack.ss_size = sizeof alternate_stack;
  stack_t before{};
  if (set_stack(&stack, &before) == 0 && (before.ss_flags & SS_DISABLE) == 0) set_stack(&before, nullptr);
}

// A sanitizer's report is better than ours; what is ignored isn't told.
bool IsOursToHandle(const struct sigaction& before) {
  if (IsDefault(before)) return true;
  if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN) return false;
  // By name: a weak reference that nobody defines doesn't link on macOS.
  return dlsym(RTLD_DEFAULT, "__asan_init") == nullptr && dlsym(RTLD_DEFAULT, "__tsan_init") == nullptr;
}

std::string Reason(int signal, int code) {
  if (signal == SIGSEGV && code == SEGV_MAPERR) return " (address not mapped)";
  if (signal == SIGSEGV && code == SEGV_ACCERR) return " (access not permitted)";
  if (signal == SIGBUS && code == BUS_ADRALN) return " (misaligned address)";
  if (signal == SIGBUS && code == BUS_ADRERR) return " (nothing behind the address)";
  if (signal == SIGFPE && code == FPE_INTDIV) return " (integer division by zero)";
  if (code <= 0 && signal != SIGABRT) return " (sent by a process)";
  return "";
}

bool HasAddress(const CrashRecord& record) {
  return record.code > 0 && (record.signal == SIGSEGV || record.signal == SIGBUS);
}

// "killed by SIGSEGV" without the first two words.
std::string WordsFor(int signal) {
  const std::string words =
      Describe({ExitInfo::Kind::kSignalled, static_cast<uint32_t>(signal), false});
  return words.substr(words.find("by ") + 3);
}

}  // namespace

void CrashNotes::Append(const char* bytes, size_t size) {
  size = std::min(size, kMostNotes - size_);
  while (size > 0) {
    const ssize_t put = pwrite(file_, bytes, size, static_cast<off_t>(offset_ + size_));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    bytes += put;
    size -= static_cast<size_t>(put);
    size_ += static_cast<size_t>(put);
  }
}

namespace {

absl::Status InstallHandlers() {
  UseAlternateStack();
  struct sigaction action {};  // with an empty mask: all zeros on Linux and macOS
  action.sa_sigaction = &OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int signal : kSignals) {
    struct sigaction& before = Before(signal);
    if (set_action(signal, &action, &before) != 0) return LastOsError("arm crash reports", "");
    if (!IsOursToHandle(before)) set_action(signal, &before, nullptr);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ArmCrashReport(const CrashReportPlace& place) {
  armed.place = place;
  armed.process = own.id != 0 ? own.id : getpid();
  if (std::exchange(armed.prepared, false)) return absl::OkStatus();
  return InstallHandlers();
}

void PrepareCrashReports() { armed.prepared = InstallHandlers().ok(); }

std::optional<CrashFacts> ReadCrashRecord(
    const std::byte* place, absl::FunctionRef<absl::StatusOr<std::vector<std::byte>>(size_t)> tail) {
  const CrashRecord& record = CrashRecordAt(const_cast<std::byte*>(place));
  if (record.state.load(std::memory_order_acquire) == kNoCrash) return std::nullopt;
  CrashFacts facts;
  facts.what = absl::StrCat(WordsFor(record.signal), Reason(record.signal, record.code));
  if (HasAddress(record)) facts.address = record.address;
  facts.stack_overflow = record.stack_overflow != 0;
  const size_t count = std::min<size_t>(record.frame_count.load(std::memory_order_acquire), kMostFrames);
  const size_t size = std::min<size_t>(record.notes_size.load(std::memory_order_acquire), kMostNotes);
  const absl::StatusOr<std::vector<std::byte>> notes = size > 0 ? tail(size) : std::vector<std::byte>();
  const auto* const text = notes.ok() ? reinterpret_cast<const char*>(notes->data()) : "";
  facts.stack = NameFrames({record.frames, count}, absl::string_view(text, notes.ok() ? notes->size() : 0));
  return facts;
}

}  // namespace progeny::platform
