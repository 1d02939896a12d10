# What each toolchain is: compiler, flags, CMake toolchain file. Abseil and GoogleTest are built once for each.

readonly ALL_TOOLCHAINS="gcc clang asan tsan windows-mingw macos-x64 macos-arm64"

toolchain_file() { echo "$PROGENY_ROOT/ci/cmake/toolchains/$1.cmake"; }

# The sanitizers' flags also stand in ci/cmake/sanitizers.cmake for progeny itself.
toolchain_flags() {
  case $1 in
    asan) echo "-fPIC -g1 -O1 -fsanitize=address,undefined -fno-omit-frame-pointer" ;;
    tsan) echo "-fPIC -g1 -O1 -fsanitize=thread" ;;
    windows-mingw) echo "-O2" ;;
    *) echo "-fPIC -O2" ;;
  esac
}

compiler_version() {
  case $1 in
    gcc | tsan) g++ -dumpfullversion ;;
    clang | asan) clang++ -dumpversion ;;
    windows-mingw) x86_64-w64-mingw32-g++-posix -dumpfullversion ;;
    macos-*) echo "zig-$ZIG_VERSION" ;;
  esac
}
