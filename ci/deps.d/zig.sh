# zig as a cross compiler for macOS, from npm.
readonly ZIG_VERSION=0.11.0
ensure_zig() { :; }
