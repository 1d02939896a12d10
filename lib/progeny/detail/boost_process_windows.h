// Windows: how v2's initialisers store handles and strings, and how a started program becomes a v2
// process. No API; installed as progeny/detail/boost_process_native.h, which is this file or its
// counterpart for POSIX: CMake picks.
//
// Boost 1.81's process/v2/environment.hpp does not compile with MinGW, so nothing here includes it;
// where it does compile, a process_environment is refused in words.
#ifndef PROGENY_DETAIL_BOOST_PROCESS_NATIVE_H_
#define PROGENY_DETAIL_BOOST_PROCESS_NATIVE_H_

#if !__has_include(<Windows.h>)
#error "progeny/boost_process.h: Boost.Process v2 1.81 includes <Windows.h>, which MinGW spells \
<windows.h>. Put a folder with a Windows.h that includes <windows.h> on the include path, or use \
progeny::Process, which needs no Boost.Process."
#endif

// asio wants to be the first to include the sockets' header; 1.81 uses the other two without
// including them.
#include <boost/asio/detail/socket_types.hpp>
//
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>
//
#include <boost/core/no_exceptions_support.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>
#include <concepts>
#include <string>
#include <utility>

#include "progeny/detail/program.h"

namespace progeny::detail {

namespace v2 = boost::process::v2;

inline std::string Utf8(v2::wstring_view text) {
  return v2::detail::conv_string<char>(text.data(), text.size());
}
inline std::string Utf8(const v2::filesystem::path& path) {
  return Utf8(v2::wstring_view(path.native()));
}

template <class Init>
concept ProcessEnvironment = requires(const Init& init) { init.unicode_env; };

// Those that v2 writes into its own launcher.
template <class Init>
inline constexpr bool kReadsInitializer =
    std::derived_from<Init, v2::process_stdio> || std::derived_from<Init, v2::process_start_dir> ||
    ProcessEnvironment<Init>;

template <class Binding>
v2::error_code ReadBinding(NativeStream& stream, const Binding& binding) {
  const HANDLE handle = binding.h.get();
  // A file that could not be opened; v2 keeps no reason.
  if (handle == INVALID_HANDLE_VALUE) return {ERROR_INVALID_HANDLE, v2::system_category()};
  stream = handle == nullptr ? kSameStream : reinterpret_cast<NativeStream>(handle);
  return {};
}

template <class Launcher, class Init>
v2::error_code ReadInitializer(Launcher& launcher, const Init& init) {
  static_assert(!ProcessEnvironment<Init>,
                "progeny/boost_process.h: process_environment of Boost.Process v2 1.81 does not "
                "compile everywhere on Windows (MinGW refuses it); set "
                "progeny::BoostLauncher::environment instead, or use progeny::Process");
  v2::error_code error;
  if constexpr (std::derived_from<Init, v2::process_stdio>) {
    error = ReadBinding(launcher.in, init.in);
    if (!error) error = ReadBinding(launcher.out, init.out);
    if (!error) error = ReadBinding(launcher.err, init.err);
  } else if constexpr (std::derived_from<Init, v2::process_start_dir>) {
    launcher.working_directory = Utf8(init.start_dir);
  }
  return error;
}

// The process takes over the handle. If it can't, the program ends here, because nobody could wait
// for it.
template <class Executor>
v2::basic_process<Executor> AttachTo(const StartedProgram& program, const Executor& executor,
                                     v2::error_code& error) {
  const HANDLE handle = reinterpret_cast<HANDLE>(program.process);
  BOOST_TRY {
    return v2::basic_process<Executor>(executor, static_cast<v2::pid_type>(program.id), handle);
  }
  BOOST_CATCH(const v2::system_error& failure) { error = failure.code(); }
  BOOST_CATCH_END
  ::TerminateProcess(handle, 1);
  ::CloseHandle(handle);
  return v2::basic_process<Executor>(executor);
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_BOOST_PROCESS_NATIVE_H_
