#include "platform/windows/create_process.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/environment_block.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

// What a job needs and a list of handles.
constexpr DWORD kMostAttributes = 2;

// Owner of an attribute list. The values it points to must outlive it.
class AttributeList {
 public:
  AttributeList() {
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, kMostAttributes, 0, &size);
    storage_.resize(size);
    initialized_ = InitializeProcThreadAttributeList(get(), kMostAttributes, 0, &size);
  }
  AttributeList(const AttributeList&) = delete;
  AttributeList& operator=(const AttributeList&) = delete;
  ~AttributeList() {
    if (initialized_) DeleteProcThreadAttributeList(get());
  }

  bool Add(DWORD_PTR attribute, std::vector<HANDLE>& handles) {
    return initialized_ &&
           UpdateProcThreadAttribute(get(), 0, attribute, handles.data(),
                                     handles.size() * sizeof(HANDLE), nullptr, nullptr);
  }
  LPPROC_THREAD_ATTRIBUTE_LIST get() {
    return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(storage_.data());
  }

 private:
  std::vector<std::byte> storage_;
  bool initialized_ = false;
};

// The three standard streams as the new process will inherit them.
class InheritedStreams {
 public:
  static absl::StatusOr<InheritedStreams> From(const StandardStreams& streams) {
    InheritedStreams inherited;
    const std::pair<NativeHandle, DWORD> wanted[] = {{streams.in, STD_INPUT_HANDLE},
                                                     {streams.out, STD_OUTPUT_HANDLE},
                                                     {streams.err, STD_ERROR_HANDLE}};
    for (size_t i = 0; i < 3; ++i) {
      const auto [named, own] = wanted[i];
      const NativeHandle source = named != kNoHandle ? named : FromHandle(GetStdHandle(own));
      if (source == kNoHandle) continue;
      absl::StatusOr<Handle> duplicate = InheritableDuplicate(source, 0);
      // A program without a console may have stale values as its own streams: then the child has
      // none. What the caller has named must work.
      if (!duplicate.ok() && named != kNoHandle) return duplicate.status();
      if (duplicate.ok()) inherited.handles_[i] = *std::move(duplicate);
    }
    return inherited;
  }

  HANDLE at(size_t i) const {
    return handles_[i].valid() ? ToHandle(handles_[i].get()) : nullptr;
  }

 private:
  Handle handles_[3];
};

// One start, from the request to the system call.
class Start {
 public:
  explicit Start(const CreateProcessRequest& request) : request_(request) {}

  absl::Status Prepare() {
    absl::StatusOr<InheritedStreams> streams = InheritedStreams::From(request_.setup->streams);
    if (!streams.ok()) return streams.status();
    streams_ = *std::move(streams);
    for (NativeHandle handle : request_.inherited) inherited_.push_back(ToHandle(handle));
    for (size_t i = 0; i < 3; ++i) {
      if (streams_.at(i) != nullptr) inherited_.push_back(streams_.at(i));
    }
    if (request_.job != kNoHandle) job_.push_back(ToHandle(request_.job));
    if (request_.setup->environment != nullptr) {
      absl::StatusOr<std::wstring> block = EnvironmentBlock(*request_.setup->environment);
      if (!block.ok()) return block.status();
      environment_ = *std::move(block);
    }
    absl::StatusOr<std::wstring> directory =
        WideFromUtf8(request_.setup->working_directory, "the working directory");
    if (!directory.ok()) return directory.status();
    directory_ = *std::move(directory);
    return absl::OkStatus();
  }

  // Wine's answer for a new process that dies while it is being loaded, seen once in some ten thousand starts: no
  // code of its own has run, so it may be started anew.
  absl::StatusOr<CreatedProcess> Run() {
    absl::StatusOr<CreatedProcess> created = RunOnce();
    return OsErrorCodeOf(created.status()) == ERROR_INTERNAL_ERROR ? RunOnce() : std::move(created);
  }

 private:
  enum class Assignment { kNone, kAtBirth, kWhileSuspended };

  absl::StatusOr<CreatedProcess> RunOnce() {
    if (job_.empty()) return Call(Assignment::kNone);
    absl::StatusOr<CreatedProcess> created = Call(Assignment::kAtBirth);
    // A system that can't assign at birth says so by one of these.
    const std::optional<int64_t> error = OsErrorCodeOf(created.status());
    if (error == ERROR_NOT_SUPPORTED || error == ERROR_INVALID_PARAMETER) {
      return Call(Assignment::kWhileSuspended);
    }
    return created;
  }

  STARTUPINFOEXW StartupWithStreams() const {
    STARTUPINFOEXW startup{};
    startup.StartupInfo.cb = sizeof(startup);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = streams_.at(0);
    startup.StartupInfo.hStdOutput = streams_.at(1);
    startup.StartupInfo.hStdError = streams_.at(2);
    return startup;
  }

  absl::StatusOr<CreatedProcess> Call(Assignment assignment) {
    AttributeList attributes;
    if ((!inherited_.empty() && !attributes.Add(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited_)) ||
        (assignment == Assignment::kAtBirth &&
         !attributes.Add(PROC_THREAD_ATTRIBUTE_JOB_LIST, job_))) {
      return LastOsError("prepare the start of", Utf8FromWide(request_.application));
    }
    STARTUPINFOEXW startup = StartupWithStreams();
    startup.lpAttributeList = attributes.get();
    DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
    if (assignment == Assignment::kWhileSuspended) flags |= CREATE_SUSPENDED;
    std::wstring command_line = request_.command_line;  // the call may write to it
    PROCESS_INFORMATION created{};
    if (!CreateProcessW(request_.application.c_str(), command_line.data(), nullptr, nullptr,
                        !inherited_.empty(), flags,
                        request_.setup->environment != nullptr ? environment_.data() : nullptr,
                        directory_.empty() ? nullptr : directory_.c_str(), &startup.StartupInfo,
                        &created)) {
      return WhyNotCreated();
    }
    const Handle thread(FromHandle(created.hThread));
    CreatedProcess process{.id = created.dwProcessId,
                           .process = Handle(FromHandle(created.hProcess))};
    if (assignment != Assignment::kWhileSuspended) return process;
    return AssignAndResume(std::move(process), thread);
  }

  absl::StatusOr<CreatedProcess> AssignAndResume(CreatedProcess process, const Handle& thread) {
    const HANDLE handle = ToHandle(process.process.get());
    if (AssignProcessToJobObject(ToHandle(request_.job), handle) &&
        ResumeThread(ToHandle(thread.get())) != static_cast<DWORD>(-1)) {
      return process;
    }
    const absl::Status status =
        LastOsError("bind to this process's life", absl::StrCat("process ", process.id));
    TerminateProcess(handle, 1);
    return status;
  }

  absl::Status WhyNotCreated() {
    const DWORD error = GetLastError();
    const std::string application = Utf8FromWide(request_.application);
    // The one error that isn't about the program.
    if (error == ERROR_DIRECTORY) {
      return OsError(error, absl::StrCat("start '", application, "' in directory"),
                     request_.setup->working_directory);
    }
    return OsError(error, "start", application);
  }

  const CreateProcessRequest& request_;
  InheritedStreams streams_;
  std::vector<HANDLE> inherited_;
  std::vector<HANDLE> job_;
  std::wstring environment_;
  std::wstring directory_;
};

}  // namespace

absl::StatusOr<Handle> InheritableDuplicate(NativeHandle handle, uint32_t access) {
  HANDLE duplicate = nullptr;
  if (!DuplicateHandle(GetCurrentProcess(), ToHandle(handle), GetCurrentProcess(), &duplicate,
                       access, TRUE, access == 0 ? DUPLICATE_SAME_ACCESS : 0)) {
    return LastOsError("make a handle inheritable", "");
  }
  return Handle(FromHandle(duplicate));
}

absl::StatusOr<CreatedProcess> CreateProcessWith(const CreateProcessRequest& request) {
  Start start(request);
  if (absl::Status prepared = start.Prepare(); !prepared.ok()) return prepared;
  return start.Run();
}

}  // namespace progeny::platform
