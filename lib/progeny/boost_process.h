// progeny's launcher for users of Boost.Process v2: everything of boost::process::v2 (process,
// stdio, start directory, environment, async_wait, bind_launcher) works as it does there, but the
// program starts without a fork.
//
//     namespace bp = boost::process::v2;
//     boost::asio::io_context context;
//     boost::asio::readable_pipe out(context);
//     auto child = progeny::BoostLauncher()(context, "/bin/ls", {"-l"},
//                                           bp::process_stdio{{}, out, nullptr},
//                                           bp::process_start_dir("/tmp"));
//     child.async_wait([](bp::error_code error, int exit_code) { ... });
//     context.run();
//
// What differs from Boost's own launchers (1.81):
//   * no fork of this process (posix_spawn, CreateProcessW): a start costs the same beside 4 GiB;
//     notify_fork isn't called, no code of this process runs in the child
//   * the child has the three standard streams and no other descriptor or handle, whatever else is
//     open here and whether or not it is close-on-exec
//   * a program that can't be started leaves no child behind, and every overload tells the error
//   * signals in the child: empty mask, default actions (ignored ones stay ignored)
//   * a relative path of the program means this process's directory, not process_start_dir's
//   * Windows: quoting that the child's argv undoes exactly; batch files are refused
//
// The child is waited for by boost::process::v2::basic_process itself, with that class's rules: its
// destructor ends a child that still runs, SIGCHLD must not be ignored, nobody else may reap. The
// child isn't bound to this process's life. It is a program: to run a function of your own use
// progeny/process.h, which needs neither Boost.Process nor this header.
//
// Include this header before other headers of Boost.Process and asio. It alone includes OS headers
// (through asio), so it isn't part of progeny/progeny.h. Needs Boost >= 1.81.
//
// Linux, macOS: complete, nothing to link. Windows: what Boost 1.81 can do there.
//   * no process_environment with MinGW (its header does not compile): set `environment`
//   * <Windows.h>, written so, must be found; an #error says so where MinGW has it in small letters
//   * BOOST_PROCESS_USE_STD_FS defined for the whole program, or boost_filesystem linked
//   * v2 loses the handle when a process changes its executor type: write `auto child`, or give the
//     launcher a boost::asio::any_io_executor to get a boost::process::v2::process
#ifndef PROGENY_BOOST_PROCESS_H_
#define PROGENY_BOOST_PROCESS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "progeny/detail/boost_process_hooks.h"
#include "progeny/detail/boost_process_native.h"
#include "progeny/detail/program.h"

namespace progeny {

// A launcher of Boost.Process v2: called with an execution context or an executor, optionally an
// error_code, the program's path (not searched for in PATH), its arguments without argv[0], and
// initialisers.
//
// Arguments: any range of strings, string views or their wide forms (converted to UTF-8), a braced
// list, or a complete null-terminated argv (a pointer to, or an array of, const char*).
//
// Initialisers, in order: v2's process_stdio, process_start_dir and process_environment, and any
// object with one or more of
//     error_code on_setup(BoostLauncher&, const filesystem::path&, const char* const*& argv)
//     void on_error(BoostLauncher&, const filesystem::path&, const char* const*& argv,
//                   const error_code&)
//     void on_success(BoostLauncher&, const filesystem::path&, const char* const*& argv)
// all called in this process, in the calling thread; on_setup may change the launcher's members and
// point `argv` elsewhere. An on_exec_setup, which v2 calls in a forked child, is refused at compile
// time, as are initialisers for other launchers (bind_fd, creation_flags).
//
// Errors: error_code with the native code (errno, GetLastError) in the system category;
// invalid_argument where progeny itself refuses. Overloads without an error_code throw
// boost::system::system_error, as v2's do.
//
// Thread-safe: a call changes nothing in the launcher; initialisers see a copy of it.
class BoostLauncher {
 public:
  // What every program started by this launcher gets unless an initialiser says otherwise.
  std::optional<std::vector<std::string>> environment;  // complete, "NAME=value"; empty: inherited
  std::string working_directory;                        // UTF-8; empty: this process's
  // Descriptors or HANDLEs, borrowed for the length of a call; -1: what this process has.
  intptr_t in = -1;
  intptr_t out = -1;
  intptr_t err = -1;
  // The started program, for on_success; -1 before.
  int64_t pid = -1;

  template <class Context, class Args = std::initializer_list<boost::process::v2::string_view>,
            class... Inits>
    requires std::is_convertible_v<Context&, boost::asio::execution_context&>
  auto operator()(Context& context, const boost::process::v2::filesystem::path& executable,
                  Args&& args, Inits&&... inits) const
      -> boost::process::v2::basic_process<typename Context::executor_type> {
    return (*this)(context.get_executor(), executable, args, inits...);
  }

  template <class Context, class Args = std::initializer_list<boost::process::v2::string_view>,
            class... Inits>
    requires std::is_convertible_v<Context&, boost::asio::execution_context&>
  auto operator()(Context& context, boost::process::v2::error_code& error,
                  const boost::process::v2::filesystem::path& executable, Args&& args,
                  Inits&&... inits) const
      -> boost::process::v2::basic_process<typename Context::executor_type> {
    return (*this)(context.get_executor(), error, executable, args, inits...);
  }

  template <class Executor, class Args = std::initializer_list<boost::process::v2::string_view>,
            class... Inits>
    requires(boost::asio::execution::is_executor<Executor>::value ||
             boost::asio::is_executor<Executor>::value)
  auto operator()(Executor executor, const boost::process::v2::filesystem::path& executable,
                  Args&& args, Inits&&... inits) const
      -> boost::process::v2::basic_process<Executor> {
    boost::process::v2::error_code error;
    auto process = (*this)(std::move(executor), error, executable, args, inits...);
    if (error) boost::process::v2::detail::throw_error(error, "progeny::BoostLauncher");
    return process;
  }

  template <class Executor, class Args = std::initializer_list<boost::process::v2::string_view>,
            class... Inits>
    requires(boost::asio::execution::is_executor<Executor>::value ||
             boost::asio::is_executor<Executor>::value)
  auto operator()(Executor executor, boost::process::v2::error_code& error,
                  const boost::process::v2::filesystem::path& executable, Args&& args,
                  Inits&&... inits) const -> boost::process::v2::basic_process<Executor> {
    (detail::CheckInitializer<std::remove_reference_t<Inits>, BoostLauncher>(), ...);
    BoostLauncher launcher(*this);
    const std::vector<std::string> arguments =
        detail::ArgumentsFrom<std::decay_t<Args>>(executable, args);
    std::vector<const char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    pointers.push_back(nullptr);
    detail::ArgumentVector argv = pointers.data();

    error.clear();
    // Up to the first that fails.
    static_cast<void>(
        (... || (error = detail::SetUp(launcher, executable, argv, inits)).failed()));
    detail::StartedProgram program;
    if (!error) program = launcher.Start(executable, argv, error);
    boost::process::v2::basic_process<Executor> process(executor);
    if (!error) process = detail::AttachTo(program, executor, error);
    if (error) {
      (launcher.TellError(inits, executable, argv, error), ...);
    } else {
      launcher.pid = program.id;
      (launcher.TellSuccess(inits, executable, argv), ...);
    }
    return process;
  }

 private:
  detail::StartedProgram Start(const boost::process::v2::filesystem::path& executable,
                               detail::ArgumentVector argv,
                               boost::process::v2::error_code& error) const {
    detail::ProgramSpec spec{detail::Utf8(executable), {}, environment, working_directory,
                             in, out, err};
    for (; *argv != nullptr; ++argv) spec.arguments.emplace_back(*argv);
    absl::StatusOr<detail::StartedProgram> program = detail::StartProgram(spec);
    if (program.ok()) return *program;
    if (const std::optional<int64_t> native = detail::NativeErrorOf(program.status())) {
      error.assign(static_cast<int>(*native), boost::process::v2::system_category());
    } else {
      error = make_error_code(absl::IsUnimplemented(program.status())
                                  ? boost::system::errc::function_not_supported
                                  : boost::system::errc::invalid_argument);
    }
    return {};
  }

  template <class Init>
  void TellError(Init& init, const boost::process::v2::filesystem::path& executable,
                 detail::ArgumentVector& argv, const boost::process::v2::error_code& error) {
    if constexpr (detail::HasOnError<Init, BoostLauncher>) {
      init.on_error(*this, executable, argv, error);
    }
  }

  template <class Init>
  void TellSuccess(Init& init, const boost::process::v2::filesystem::path& executable,
                   detail::ArgumentVector& argv) {
    if constexpr (detail::HasOnSuccess<Init, BoostLauncher>) {
      init.on_success(*this, executable, argv);
    }
  }
};

}  // namespace progeny

#endif  // PROGENY_BOOST_PROCESS_H_
