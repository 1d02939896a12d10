# Abseil and GoogleTest, built once per toolchain into one prefix in the cache.
#
# Debian's own libabsl-dev does not fit: its string_view is not std's, its archives are not position independent, and
# ThreadSanitizer sees false races in its Mutex. Its *source* package does, and comes from the system's own mirrors.

readonly ABSEIL_VERSION=20220623.1

# A private apt configuration: the system's sources with Types deb-src, its lists left alone, no host named here.
write_source_list() {
  local list=$1 found=0 file
  : >"$list.sources"
  : >"$list.list"
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    { sed 's/^Types:.*/Types: deb-src/' "$file"; echo; } >>"$list.sources"
    found=1
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    sed -n 's/^deb /deb-src /p' "$file" >>"$list.list"
  done
  if [[ $found -eq 1 ]]; then echo "$list.sources"; else echo "$list.list"; fi
}

# Debian patches its options so that absl::string_view and friends are types of their own; upstream's choice is to
# take std's where the language has them, and progeny's headers count on it.
use_std_vocabulary() {
  sed -i -E 's/^(#define ABSL_OPTION_USE_STD_[A-Z_]+) 0$/\1 2/; s/^(#define ABSL_OPTION_USE_INLINE_NAMESPACE) 1$/\1 0/' "$1"
  grep -q '^#define ABSL_OPTION_USE_STD_STRING_VIEW 2' "$1" || die "Abseil changed: its options are not where they were"
}

fetch_abseil_source() {
  local target=$PROGENY_CACHE/source/abseil-$ABSEIL_VERSION-std
  [[ -d $target ]] && return
  say "fetching Abseil $ABSEIL_VERSION (Debian's source package)"
  local work version list
  work=$(mktemp -d "$PROGENY_CACHE/tmp.XXXXXX")
  mkdir -p "$work/lists/partial" "$work/get"
  list=$(write_source_list "$work/source")
  local apt=(-o "Dir::Etc::sourcelist=$list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
             -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=)
  quiet "$PROGENY_CACHE/logs/abseil-lists.log" apt-get "${apt[@]}" update
  version=$(apt-cache "${apt[@]}" showsrc abseil | sed -n "s/^Version: \($ABSEIL_VERSION-.*\)/\1/p" | head -n 1)
  [[ -n $version ]] || die "missing: source package abseil $ABSEIL_VERSION in this system's package sources"
  cd "$work/get"
  quiet "$PROGENY_CACHE/logs/abseil-source.log" apt-get "${apt[@]}" source "abseil=$version"
  mkdir -p "$(dirname "$target")"
  use_std_vocabulary abseil-*/absl/base/options.h
  mv abseil-*/ "$target"
  cd - >/dev/null
  rm -rf "$work"
}

# Small changes for zig's macOS: it has no CoreFoundation, clang's per-architecture flags mean nothing to it, and its
# linker does not know the --push-state with which Debian adds libatomic. The copy lies at a fixed path (with the
# recipe's hash), so that ccache knows its files again.
patched_source_for_zig() {
  local original=$1 copy work
  copy=$1-zig-$(declare -f patched_source_for_zig | sha256sum | cut -c1-6)
  if [[ ! -d $copy ]]; then
    work=$(mktemp -d "$PROGENY_CACHE/tmp.XXXXXX")
    cp -r "$original" "$work/abseil"
    sed -i 's/defined(__APPLE__)/0/' "$work/abseil/absl/time/internal/cctz/src/time_zone_lookup.cc"
    sed -i '/CoreFoundation/d' "$work/abseil/absl/time/CMakeLists.txt"
    sed -i 's/if(APPLE AND CMAKE_CXX_COMPILER_ID MATCHES \[\[Clang\]\])/if(FALSE)/' \
      "$work/abseil/absl/copts/AbseilConfigureCopts.cmake"
    sed -i '/--push-state/d' "$work/abseil/absl/copts/AbseilConfigureCopts.cmake"
    grep -q 'if(FALSE)' "$work/abseil/absl/copts/AbseilConfigureCopts.cmake" || die "Abseil changed: -Xarch flags remain"
    mv -T "$work/abseil" "$copy"
    rm -rf "$work"
  fi
  echo "$copy"
}

cmake_install() {
  local name=$1 toolchain=$2 source=$3 build=$4 prefix=$5
  shift 5
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  local log=$PROGENY_CACHE/logs/$name-$toolchain flags
  flags=$(toolchain_flags "$toolchain")
  # Release would add a second -O; the flags above are the whole story.
  quiet "$log-configure.log" cmake -S "$source" -B "$build" -G Ninja \
    -DCMAKE_TOOLCHAIN_FILE="$(toolchain_file "$toolchain")" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="$flags -DNDEBUG" -DCMAKE_CXX_FLAGS="$flags -DNDEBUG" -DCMAKE_CXX_STANDARD=20 \
    -DCMAKE_CXX_STANDARD_REQUIRED=ON -DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_PREFIX="$prefix" \
    -DCMAKE_INSTALL_LIBDIR=lib "${launcher[@]}" "$@"
  quiet "$log-build.log" cmake --build "$build" -j "$JOBS"
  quiet "$log-install.log" cmake --install "$build"
}

build_prefix() {
  local toolchain=$1 final=$2 work source
  [[ -d $final ]] && return
  fetch_abseil_source
  [[ -d /usr/src/googletest ]] || die "missing: /usr/src/googletest (package googletest)"
  say "building Abseil and GoogleTest for $toolchain (a minute or two, once)"
  mkdir -p "$(dirname "$final")"
  work=$(mktemp -d "$PROGENY_CACHE/tmp.XXXXXX")
  source=$PROGENY_CACHE/source/abseil-$ABSEIL_VERSION-std
  if [[ $toolchain == macos-* ]]; then source=$(patched_source_for_zig "$source"); fi
  cmake_install abseil "$toolchain" "$source" "$work/build-abseil" "$work/prefix" \
    -DABSL_PROPAGATE_CXX_STD=ON -DBUILD_TESTING=OFF -DABSL_ENABLE_INSTALL=ON
  cmake_install googletest "$toolchain" /usr/src/googletest "$work/build-gtest" "$work/prefix" -DBUILD_GMOCK=ON
  case $toolchain in   # the system's include folder must stay out of a cross build: only these two header libraries
    windows-mingw | macos-*)
      ln -s /usr/include/boost "$work/prefix/include/boost"
      ln -s /usr/include/cereal "$work/prefix/include/cereal" ;;
  esac
  if [[ $toolchain == macos-* ]]; then add_memory_resource "$toolchain" "$work/prefix"; fi
  # The prefix is built elsewhere and moved: its .pc files must say where they are, not where they were.
  sed -i -e '1i prefix=${pcfiledir}/../..' -e '/^prefix=/d' -e "s|$work/prefix|\${prefix}|" "$work"/prefix/lib/pkgconfig/*.pc
  ! grep -rqF "$work" "$work/prefix/lib/pkgconfig" "$work/prefix/lib/cmake" || die "the prefix names its temporary folder"
  # Installed headers keep their old dates: without this, ninja would keep objects built with the prefix before.
  find "$work/prefix/include" -type f -exec touch {} +
  mv -T "$work/prefix" "$final"
  rm -rf "$work"
}

prefix_for() {
  local toolchain=$1 key
  # The recipe itself is part of the key: who changes it gets a new prefix, never a stale one.
  key=$({ compiler_version "$toolchain"; toolchain_flags "$toolchain"; dpkg-query -W -f '${Version}' googletest
          cat "$(toolchain_file "$toolchain")" "$PROGENY_ROOT/ci/deps.d/abseil.sh"
          if [[ $toolchain == macos-* ]]; then cat "$PROGENY_ROOT"/ci/{deps.d/zig.sh,cmake/toolchains/macos.cmake}; fi; } | sha256sum | cut -c1-10)
  echo "$PROGENY_CACHE/prefix/abseil-$ABSEIL_VERSION-$toolchain-$key"
}
