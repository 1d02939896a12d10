// How boost_process.h reads v2's arguments and initialisers: which hooks an initialiser has, and
// which of them no launcher without a fork could call. No API.
#ifndef PROGENY_DETAIL_BOOST_PROCESS_HOOKS_H_
#define PROGENY_DETAIL_BOOST_PROCESS_HOOKS_H_

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "progeny/detail/boost_process_native.h"

namespace progeny::detail {

// An initialiser may move it to an array of its own, as v2's launchers allow.
using ArgumentVector = const char* const*;

template <class Init, class Launcher>
concept HasOnSetup = requires(Init& init, Launcher& launcher, const v2::filesystem::path& path,
                              ArgumentVector& argv) { init.on_setup(launcher, path, argv); };

template <class Init, class Launcher>
concept HasOnError = requires(Init& init, Launcher& launcher, const v2::filesystem::path& path,
                              ArgumentVector& argv, const v2::error_code& error) {
  init.on_error(launcher, path, argv, error);
};

template <class Init, class Launcher>
concept HasOnSuccess = requires(Init& init, Launcher& launcher, const v2::filesystem::path& path,
                                ArgumentVector& argv) { init.on_success(launcher, path, argv); };

// Hooks that v2's launchers call around their fork or in the forked child.
template <class Init, class Launcher>
concept HasForkHook =
    requires(Init& init, Launcher& launcher, const v2::filesystem::path& path,
             ArgumentVector& argv) { init.on_exec_setup(launcher, path, argv); } ||
    requires(Init& init, Launcher& launcher, const v2::filesystem::path& path, ArgumentVector& argv,
             const v2::error_code& error) { init.on_exec_error(launcher, path, argv, error); } ||
    requires(Init& init, Launcher& launcher, const v2::filesystem::path& path, ArgumentVector& argv,
             const v2::error_code& error) { init.on_fork_error(launcher, path, argv, error); } ||
    requires(Init& init, Launcher& launcher, const v2::filesystem::path& path,
             ArgumentVector& argv) { init.on_fork_success(launcher, path, argv); };

// Refuses what would be dropped in silence. v2's own initialisers are read instead of called.
template <class Init, class Launcher>
constexpr void CheckInitializer() {
  if constexpr (!kReadsInitializer<Init>) {
    constexpr bool wants_fork =
        HasForkHook<Init, Launcher> || HasForkHook<Init, v2::default_process_launcher>;
    static_assert(!wants_fork,
                  "progeny::BoostLauncher does not fork, so this initialiser's on_exec_setup (or "
                  "on_exec_error, on_fork_error, on_fork_success) would never run; set the "
                  "launcher's environment, working_directory, in, out or err in on_setup instead");
    static_assert(wants_fork || HasOnSetup<Init, Launcher> || HasOnError<Init, Launcher> ||
                      HasOnSuccess<Init, Launcher>,
                  "this initialiser has no on_setup(launcher, path, argv), on_error(launcher, "
                  "path, argv, error) or on_success(launcher, path, argv) for a launcher of type "
                  "progeny::BoostLauncher; is it written for one of Boost's own launchers?");
  }
}

template <class Launcher, class Init>
v2::error_code SetUp(Launcher& launcher, const v2::filesystem::path& path, ArgumentVector& argv,
                     Init& init) {
  v2::error_code error;
  if constexpr (kReadsInitializer<Init>) error = ReadInitializer(launcher, init);
  if constexpr (HasOnSetup<Init, Launcher>) {
    if (!error) error = init.on_setup(launcher, path, argv);
  }
  return error;
}

template <class Argument>
std::string Utf8Argument(const Argument& argument) {
  if constexpr (std::is_convertible_v<const Argument&, std::string_view>) {
    return std::string(static_cast<std::string_view>(argument));
  } else if constexpr (std::is_convertible_v<const Argument&, v2::string_view>) {
    const v2::string_view view = argument;
    return std::string(view.data(), view.size());
  } else {
    static_assert(std::is_convertible_v<const Argument&, v2::wstring_view>,
                  "progeny::BoostLauncher: arguments are strings, wide strings or views of them");
    const v2::wstring_view view = argument;
    return Utf8(view);
  }
}

// argv[0] and what follows. A bare pointer is a complete argv, as for v2's launchers.
template <class Args>
std::vector<std::string> ArgumentsFrom(const v2::filesystem::path& path, const Args& args) {
  std::vector<std::string> arguments;
  if constexpr (std::is_pointer_v<Args>) {
    static_assert(std::is_convertible_v<Args, ArgumentVector>,
                  "progeny::BoostLauncher: arguments are a range of strings or a null-terminated "
                  "argv; a complete command line can't be passed");
    for (ArgumentVector argv = args; *argv != nullptr; ++argv) arguments.emplace_back(*argv);
  } else {
    arguments.push_back(Utf8(path));
    for (const auto& argument : args) arguments.push_back(Utf8Argument(argument));
  }
  return arguments;
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_BOOST_PROCESS_HOOKS_H_
