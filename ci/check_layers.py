#!/usr/bin/env python3
"""Checks who may include whom (platform/README.md, the law of the seam) and that only platform/<os>/ knows an OS.

    ci/check_layers.py               check the checkout; one line per finding, exit status 1 if there is any
    ci/check_layers.py --self-test   show that every rule fires on what it forbids and is silent on what it allows
"""

import dataclasses
import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("platform", "lib", "tests", "examples", "bench", "tools")
SYSTEMS = ("posix", "linux", "macos", "windows", "unsupported")

# (rule, file pattern, what may be included, why). One list; an entry that no file needs any more is a finding itself.
EXCEPTIONS = [
    ("boost-process", "lib/progeny/boost_process.h", "boost/*",
     "offers progeny's launchers to users of Boost.Process v2; no part of progeny.h"),
    ("boost-process", "lib/progeny/detail/boost_process*.h", "boost/*",
     "what boost_process.h needs per operating system; CMake picks the file"),
    ("consumer", "tests/lib/flat_test.cc", "progeny/detail/flat.h", "that its bytes are the codec's: no public call shows them"),
    ("boost-process", "tests/lib/boost_process*.cc", "boost/*", "tests the launchers through Boost.Process itself"),
    ("boost-process", "bench/*.cc", "boost/*", "Boost.Process's default launcher is a row beside ours"),
    ("windows-header", "tests/children/windows/plugin_host.cc", "windows.h", "a host that knows nothing of progeny, not even its headers"),
    ("os-header", "bench/floor_posix.cc", "*", "the bare system calls that ours are compared with; CMake picks the file"),
    ("os-header", "bench/zygote_linux.cc", "*", "a fork server of bare system calls to be compared with; CMake picks the file"),
    ("os-header", "bench/pool_floor_linux.cc", "*", "a pool of bare system calls to be compared with; CMake picks the file"),
    ("os-header", "bench/floor_ring_linux.h", "*", "the rings of that pool"),
    ("os-header", "bench/python_peer_linux.cc", "*", "a python3 at the end of two pipes; CMake picks the file"),
    ("consumer", "tools/*", "progeny/internal/tool.h", "screens, signals and foreign programs: no API, but seam; the header argues it"),
    ("public-header", "lib/progeny/boost_process.h", "boost/*", "see boost-process above"),
    ("public-header", "lib/progeny/detail/boost_process*.h", "boost/*", "see boost-process above"),
    ("public-header", "lib/progeny/codec.h", "cereal/*", "cereal's convention is the promise to user classes"),
    ("public-header", "lib/progeny/codec.h", "boost/pfr*", "aggregates without boilerplate"),
    ("public-header", "lib/progeny/detail/codec*.h", "cereal/*", "the templates behind codec.h"),
    ("public-header", "lib/progeny/detail/codec*.h", "boost/pfr*", "the templates behind codec.h"),
]

STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits
clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint
cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem format forward_list fstream
functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore
set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view strstream
syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray
variant vector version cxxabi.h
assert.h ctype.h errno.h float.h inttypes.h limits.h math.h stdarg.h stddef.h stdint.h stdio.h stdlib.h string.h time.h
""".split())
LIBRARIES = ("absl/", "boost/", "cereal/", "gtest/", "gmock/", "benchmark/")

# What the code between fork (or clone) and the child's entry (or exec) may know: system calls, no allocation, no locks,
# no Abseil.
AFTER_FORK_FILES = ("platform/posix/after_fork.cc", "platform/posix/after_fork.h",
                    "platform/linux/direct_spawn.cc", "platform/posix/direct_spawn.h")
AFTER_FORK = set("""
atomic cerrno cstddef cstdint cstring climits csignal errno.h fcntl.h signal.h unistd.h sys/prctl.h sys/resource.h sys/stat.h
sys/syscall.h sys/types.h platform/posix/after_fork.h platform/posix/direct_spawn.h
""".split())

OS_MACRO = re.compile(r"\b(_?WIN32|_WIN64|WINAPI_FAMILY|__CYGWIN__|__MINGW(?:32|64)__|__?linux(?:__)?|__gnu_linux__|"
                      r"__ANDROID__|__APPLE__|__MACH__|TARGET_OS_\w+|__unix(?:__)?|unix|__(?:Free|Net|Open)BSD__|__sun)\b")
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif|elifdef|elifndef)\b(.*)")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
DEFINE = re.compile(r"^\s*#\s*define\s+(\w+)")


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


def system_of(path):
    """The OS folder that a file lies in, or None: platform/linux/x.cc and tests/platform/linux/x.cc are linux."""
    parts = path.split("/")[:-1]
    if parts[0] not in ("platform", "tests"):
        return None
    return next((part for part in parts if part in SYSTEMS), None)


def zone_of(path):
    if path.startswith("platform/"):
        return "body" if system_of(path) else "seam"
    if path.startswith("lib/progeny/internal/"):
        return "internal"
    if path.startswith("lib/"):
        return "public" if path.endswith(".h") else "internal"
    if path.startswith("tests/lib/"):
        return "consumer"
    if path.startswith("tests/"):
        return "tests"
    return "consumer"   # examples, bench, tools


def kind_of(include):
    """What an include names: std, a library, platform, platform/<os>, progeny, internal, detail, tests or os."""
    if include in STANDARD:
        return "std"
    for library in LIBRARIES:
        if include.startswith(library):
            return library.rstrip("/")
    if include.startswith("platform/"):
        return "platform-body" if system_of(include) else "platform"
    for prefix, kind in (("progeny/internal/", "internal"), ("progeny/detail/", "detail"), ("progeny/", "progeny")):
        if include.startswith(prefix):
            return kind
    if include.split("/")[0] in ("tests", "support", "children", "lib", "fault", "stress", "examples", "bench"):
        return "tests"
    return "os"


def include_findings(path, include, quoted):
    """Yields (rule, text) for one include of one file."""
    zone, system, kind = zone_of(path), system_of(path), kind_of(include)
    beside = quoted and "/" not in include   # a file of the same folder

    if kind == "os" and not beside and system in (None, "unsupported"):
        yield "os-header", f"<{include}> belongs into platform/<os>/"
    if system == "windows" and include.lower() == "windows.h" and not path.endswith("windows_api.h"):
        yield "windows-header", "include platform/windows/windows_api.h instead"
    if include.startswith(("boost/process", "boost/asio")) and zone != "body":
        yield "boost-process", f"{include} outside platform/<os>/"
    if kind == "tests" and zone not in ("tests",) and not path.startswith("tests/"):
        yield "nothing-on-tests", f"{include}: nothing may depend on tests, examples or bench"
    if zone == "public":
        allowed = ("std", "absl", "progeny", "detail", "os", "tests")   # the last two have their own rules
        if kind not in allowed and not beside:
            yield "public-header", f"{include} in an installed header"
    if zone in ("seam", "body") and kind in ("progeny", "detail", "internal"):
        yield "seam-upward", f"{include}: platform/ knows nothing of the library above it"
    if zone == "seam" and kind not in ("std", "absl", "platform", "os", "progeny", "detail", "internal", "tests"):
        yield "seam-header", f"{include}: the seam's headers know std, absl and platform/*.h"
    if zone == "consumer" and kind in ("platform", "platform-body", "internal", "detail"):
        yield "consumer", f"{include}: examples, benchmarks, tools and tests/lib use progeny/*.h only"
    if kind == "platform-body":
        yield from body_findings(path, include)
    if path in AFTER_FORK_FILES and include not in AFTER_FORK:
        yield "after-fork", f"{include} is not on the allow-list of the code between fork and entry"


def body_findings(path, include):
    """linux, macos -> posix; posix -/-> linux, macos; windows -/-> posix; nobody else reaches into an OS folder."""
    target, system = system_of(include), system_of(path)
    if system is None:
        if zone_of(path) != "consumer":   # which has a rule of its own
            yield "os-folder", f"{include}: only platform/{target}/ and its own tests may include this"
    elif target != system and not (target == "posix" and system in ("linux", "macos")):
        yield "os-folder", f"{include}: {system} may not depend on {target}"


def line_findings(path, line):
    condition = CONDITION.match(line)
    if condition and system_of(path) in (None, "posix"):
        macro = OS_MACRO.search(condition.group(1))
        if macro:
            yield "os-condition", f"{macro.group(1)}: an OS difference is a file in platform/<os>/, not an #if"
    define = DEFINE.match(line)
    if define and zone_of(path) == "seam" and path.endswith(".h") and not define.group(1).endswith("_H_"):
        yield "seam-macro", f"{define.group(1)}: no macro in a seam header"
    include = INCLUDE.match(line)
    if include:
        for rule, text in include_findings(path, include.group(2), include.group(1) == '"'):
            if not excepted(rule, path, include.group(2)):
                yield rule, text


def excepted(rule, path, include):
    return any(rule == r and fnmatch.fnmatch(path, p) and fnmatch.fnmatch(include, i) for r, p, i, _ in EXCEPTIONS)


def check_file(path, text):
    return [Finding(path, number, rule, message)
            for number, line in enumerate(text.splitlines(), 1)
            for rule, message in line_findings(path, line)]


def stale_exceptions(paths):
    for rule, pattern, include, _ in EXCEPTIONS:
        if "*" not in pattern and not any(fnmatch.fnmatch(path, pattern) for path in paths):
            yield Finding("ci/check_layers.py", 0, "stale-exception", f"{rule} for {pattern} ({include}): no such file")


def check_tree():
    files = [file for folder in FOLDERS for end in ("*.h", "*.cc") for file in sorted((ROOT / folder).rglob(end))]
    paths = [file.relative_to(ROOT).as_posix() for file in files]
    findings = list(stale_exceptions(paths))
    for path, file in zip(paths, files):
        findings += check_file(path, file.read_text(encoding="utf-8"))
    for finding in findings:
        print(finding)
    print(f"layers: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


# Each: path, one line, the rule that must fire on it (None: allowed).
CASES = [
    ("lib/progeny/process.cc", "#ifdef _WIN32", "os-condition"),
    ("lib/progeny/process.cc", "#if defined(__linux__) && X", "os-condition"),
    ("platform/posix/pipe.cc", "#  ifdef __APPLE__", "os-condition"),
    ("tests/lib/process_test.cc", "#elif defined(__APPLE__)", "os-condition"),
    ("platform/pipe.h", "#if __unix__", "os-condition"),
    ("platform/linux/pipe.cc", "#ifdef __linux__", None),
    ("lib/progeny/process.cc", "#ifdef __GNUC__", None),
    ("lib/progeny/process.cc", "#include <unistd.h>", "os-header"),
    ("lib/progeny/process.h", "#include <sys/types.h>", "os-header"),
    ("platform/pipe.h", "#include <windows.h>", "os-header"),
    ("examples/hello.cc", "#include <pthread.h>", "os-header"),
    ("tests/platform/pipe_test.cc", "#include <fcntl.h>", "os-header"),
    ("platform/unsupported/pipe.cc", "#include <fcntl.h>", "os-header"),
    ("platform/posix/pipe.cc", "#include <fcntl.h>", None),
    ("tests/platform/linux/smaps_test.cc", "#include <fcntl.h>", None),
    ("lib/progeny/process.cc", "#include <csignal>", None),
    ("platform/windows/pipe.cc", "#include <windows.h>", "windows-header"),
    ("platform/windows/windows_api.h", "#include <windows.h>", None),
    ("lib/progeny/internal/start.cc", "#include <boost/process/v2.hpp>", "boost-process"),
    ("lib/progeny/process.cc", "#include <boost/asio.hpp>", "boost-process"),
    ("lib/progeny/boost_process.h", "#include <boost/process/v2/process.hpp>", None),
    ("platform/linux/launch.cc", "#include <boost/process/v2/process.hpp>", None),
    ("lib/progeny/process.cc", '#include "support/leaks.h"', "nothing-on-tests"),
    ("examples/hello.cc", '#include "tests/support/leaks.h"', "nothing-on-tests"),
    ("platform/linux/pipe.cc", '#include "bench/raw.h"', "nothing-on-tests"),
    ("tests/lib/process_test.cc", '#include "support/leaks.h"', None),
    ("tests/lib/codec_test.cc", '#include "lib/codec_round_trip.h"', None),
    ("lib/progeny/process.h", '#include "platform/handle.h"', "public-header"),
    ("lib/progeny/detail/entry.h", '#include "platform/handle.h"', "public-header"),
    ("lib/progeny/process.h", '#include "progeny/internal/slot.h"', "public-header"),
    ("lib/progeny/process.h", "#include <boost/pfr.hpp>", "public-header"),
    ("lib/progeny/codec.h", "#include <boost/interprocess/mapped_region.hpp>", "public-header"),
    ("lib/progeny/codec.h", "#include <boost/pfr.hpp>", None),
    ("lib/progeny/detail/codec_archive.h", "#include <cereal/cereal.hpp>", None),
    ("lib/progeny/process.cc", '#include "platform/handle.h"', None),
    ("lib/progeny/internal/slot.h", '#include "platform/shared_region.h"', None),
    ("platform/handle.h", '#include "progeny/process.h"', "seam-upward"),
    ("platform/linux/handle.cc", '#include "progeny/detail/entry.h"', "seam-upward"),
    ("platform/handle.h", "#include <boost/pfr.hpp>", "seam-header"),
    ("platform/handle.h", '#include "absl/status/status.h"', None),
    ("platform/handle.h", "#define PROGENY_HANDLE_IS_WIDE 1", "seam-macro"),
    ("platform/handle.h", "#define PROGENY_PLATFORM_HANDLE_H_", None),
    ("examples/hello.cc", '#include "progeny/detail/entry.h"', "consumer"),
    ("bench/start.cc", '#include "platform/launch.h"', "consumer"),
    ("tests/lib/process_test.cc", '#include "progeny/internal/slot.h"', "consumer"),
    ("tests/lib/process_test.cc", '#include "platform/linux/smaps.h"', "consumer"),
    ("tests/platform/pipe_test.cc", '#include "platform/pipe.h"', None),
    ("platform/posix/pipe.cc", '#include "platform/linux/smaps.h"', "os-folder"),
    ("platform/windows/pipe.cc", '#include "platform/posix/descriptor.h"', "os-folder"),
    ("lib/progeny/process.cc", '#include "platform/posix/descriptor.h"', "os-folder"),
    ("tests/platform/pipe_test.cc", '#include "platform/posix/descriptor.h"', "os-folder"),
    ("platform/linux/pipe.cc", '#include "platform/posix/descriptor.h"', None),
    ("tests/platform/linux/smaps_test.cc", '#include "platform/linux/smaps.h"', None),
    ("platform/posix/after_fork.cc", "#include <vector>", "after-fork"),
    ("platform/posix/after_fork.cc", '#include "absl/strings/str_cat.h"', "after-fork"),
    ("platform/posix/after_fork.cc", "#include <unistd.h>", None),
    ("platform/linux/direct_spawn.cc", "#include <string>", "after-fork"),
]


def self_test():
    failures = []
    for path, line, expected in CASES:
        fired = sorted({finding.rule for finding in check_file(path, line)})
        if fired != ([expected] if expected else []):
            failures.append(f"{path}: {line}: expected {expected or 'silence'}, got {fired or 'silence'}")
    if [finding.rule for finding in stale_exceptions([])].count("stale-exception") == 0:
        failures.append("stale-exception does not fire on an empty tree")
    source = pathlib.Path(__file__).read_text(encoding="utf-8")
    rules = set(re.findall(r'yield "([a-z-]+)", f?"', source))
    failures += [f"no case shows that {rule} fires" for rule in rules - {expected for _, _, expected in CASES}]
    failures += [f"exception without a reason: {entry}" for entry in EXCEPTIONS if not entry[3]]
    for failure in failures:
        print(failure)
    print(f"layers self-test: {len(CASES)} cases, {len(rules)} rules, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1:] == ["--self-test"] else check_tree())
