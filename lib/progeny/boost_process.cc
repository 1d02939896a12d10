// The compiled half of progeny/boost_process.h, over the seam's launcher. Boost isn't included: the
// library is built without asio.
#include "platform/error.h"
#include "platform/launch.h"
#include "progeny/detail/program.h"

namespace progeny::detail {

static_assert(kSameStream == platform::kNoHandle);

absl::StatusOr<StartedProgram> StartProgram(const ProgramSpec& spec) {
  platform::ProgramRequest request;
  request.path = spec.path;
  request.arguments = spec.arguments;
  request.setup.streams = {spec.in, spec.out, spec.err};
  if (spec.environment.has_value()) request.setup.environment = &*spec.environment;
  request.setup.working_directory = spec.working_directory;
  absl::StatusOr<platform::StartedProgram> started = platform::LaunchProgram(request);
  if (!started.ok()) return started.status();
  return StartedProgram{static_cast<int64_t>(started->id), started->process.Release()};
}

std::optional<int64_t> NativeErrorOf(const absl::Status& status) {
  return platform::OsErrorCodeOf(status);
}

}  // namespace progeny::detail
