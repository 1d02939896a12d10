# macOS from Linux by zig (compile and link only); included by macos-x64.cmake and macos-arm64.cmake with the
# architecture set. On a Mac itself no toolchain file is needed (preset macos-native).
get_filename_component(_deps "${CMAKE_CURRENT_LIST_DIR}/../../../build/deps" ABSOLUTE)
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_C_COMPILER ${_deps}/zig/bin/${CMAKE_SYSTEM_PROCESSOR}-macos-cc)
set(CMAKE_CXX_COMPILER ${_deps}/zig/bin/${CMAKE_SYSTEM_PROCESSOR}-macos-c++)
set(CMAKE_AR ${_deps}/zig/bin/ar)
set(CMAKE_RANLIB ${_deps}/zig/bin/ranlib)
set(CMAKE_OSX_SYSROOT "" CACHE STRING "zig brings its own")
set(CMAKE_INSTALL_LIBDIR lib)   # GNUInstallDirs would ask for the size of a pointer, which it can not read here

# zig turns a trapping undefined-behaviour sanitizer on in debug builds; its run-time half is not there.
set(CMAKE_C_FLAGS_INIT "-fno-sanitize=undefined")
set(CMAKE_CXX_FLAGS_INIT "-fno-sanitize=undefined")

# std::pmr's missing half (ci/deps.d/zig.sh). Absent while the prefix itself is being built.
if(EXISTS ${_deps}/${PROGENY_TOOLCHAIN}/lib/libc++pmr.a)
  set(CMAKE_CXX_STANDARD_LIBRARIES ${_deps}/${PROGENY_TOOLCHAIN}/lib/libc++pmr.a)
endif()

set(CMAKE_FIND_ROOT_PATH ${_deps}/${PROGENY_TOOLCHAIN})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
