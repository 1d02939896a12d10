// Linux and macOS: how v2's initialisers store descriptors and strings, and how a started program
// becomes a v2 process. No API; installed as progeny/detail/boost_process_native.h, which is this
// file or its counterpart for Windows: CMake picks.
#ifndef PROGENY_DETAIL_BOOST_PROCESS_NATIVE_H_
#define PROGENY_DETAIL_BOOST_PROCESS_NATIVE_H_

// 1.81 uses both without including them when BOOST_PROCESS_USE_STD_FS is set.
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>
//
#include <boost/core/no_exceptions_support.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "progeny/detail/program.h"

namespace progeny::detail {

namespace v2 = boost::process::v2;

inline std::string Utf8(const v2::filesystem::path& path) { return path.native(); }
inline std::string Utf8(v2::wstring_view text) {
  return v2::detail::conv_string<char>(text.data(), text.size());
}

template <class Init>
concept InputBinding = std::derived_from<Init, v2::detail::process_input_binding>;
template <class Init>
concept OutputBinding = std::derived_from<Init, v2::detail::process_output_binding>;
template <class Init>
concept ErrorBinding = std::derived_from<Init, v2::detail::process_error_binding>;

// Those that v2 carries out in a forked child.
template <class Init>
inline constexpr bool kReadsInitializer =
    std::derived_from<Init, v2::process_stdio> || std::derived_from<Init, v2::process_start_dir> ||
    std::derived_from<Init, v2::process_environment> || InputBinding<Init> || OutputBinding<Init> ||
    ErrorBinding<Init>;

// The binding's constructor can't tell what went wrong with a pipe or a file: it is told here.
template <int Target>
v2::error_code ReadBinding(NativeStream& stream,
                           const v2::detail::process_io_binding<Target>& binding) {
  if (binding.ec) return binding.ec;
  // What v2's dup2 would say: 1.81 keeps no reason why the file could not be opened.
  if (binding.fd < 0) return {boost::system::errc::bad_file_descriptor, v2::system_category()};
  stream = binding.fd == Target ? kSameStream : binding.fd;
  return {};
}

// Its list of pointers is stale in a copy, which a bound launcher may hold; strings of its own are
// not.
inline std::vector<std::string> ReadEnvironment(const v2::process_environment& environment) {
  std::vector<std::string> strings;
  for (const auto& pair : environment.env_buffer) strings.emplace_back(pair.c_str());
  if (!strings.empty()) return strings;
  for (const char* pair : environment.env) {
    if (pair != nullptr) strings.emplace_back(pair);
  }
  return strings;
}

template <class Launcher, class Init>
v2::error_code ReadInitializer(Launcher& launcher, const Init& init) {
  v2::error_code error;
  if constexpr (std::derived_from<Init, v2::process_stdio>) {
    error = ReadBinding(launcher.in, init.in);
    if (!error) error = ReadBinding(launcher.out, init.out);
    if (!error) error = ReadBinding(launcher.err, init.err);
  } else if constexpr (std::derived_from<Init, v2::process_start_dir>) {
    launcher.working_directory = Utf8(init.start_dir);
  } else if constexpr (std::derived_from<Init, v2::process_environment>) {
    launcher.environment = ReadEnvironment(init);
  } else if constexpr (InputBinding<Init>) {
    error = ReadBinding(launcher.in, init);
  } else if constexpr (OutputBinding<Init>) {
    error = ReadBinding(launcher.out, init);
  } else {
    error = ReadBinding(launcher.err, init);
  }
  return error;
}

// v2 opens its own handle of the process and may lack a descriptor for it: then the program ends
// here, because nobody could wait for it.
template <class Executor>
v2::basic_process<Executor> AttachTo(const StartedProgram& program, const Executor& executor,
                                     v2::error_code& error) {
  const auto pid = static_cast<v2::pid_type>(program.id);
  BOOST_TRY { return v2::basic_process<Executor>(executor, pid); }
  BOOST_CATCH(const v2::system_error& failure) { error = failure.code(); }
  BOOST_CATCH_END
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return v2::basic_process<Executor>(executor);
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_BOOST_PROCESS_NATIVE_H_
