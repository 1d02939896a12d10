# Shared by the ci scripts: where things live, how they speak, how they fail. Sourced, never run.

set -euo pipefail

PROGENY_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PROGENY_CACHE=${PROGENY_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/progeny}
JOBS=${PROGENY_JOBS:-$(nproc)}

# A clone elsewhere gets the same hits: without these, -g puts the checkout's path into every object.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PROGENY_ROOT}
export CCACHE_NOHASHDIR=1
export PROGENY_CACHE_DIR=$PROGENY_CACHE

say() { printf '%s\n' "== $*" >&2; }
die() { printf '%s\n' "$(basename "$0"): $*" >&2; exit 1; }

# quiet LOG COMMAND...: the command's output goes to LOG and is shown only when it fails.
quiet() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if "$@" >"$log" 2>&1 </dev/null; then return 0; fi
  tail -n 40 "$log" >&2
  die "failed: $* (whole log: $log)"
}

# link_into_checkout TARGET NAME: build/deps/NAME is what the presets name, so that they need no environment.
link_into_checkout() {
  mkdir -p "$PROGENY_ROOT/build/deps"
  ln -sfn "$1" "$PROGENY_ROOT/build/deps/$2"
}

# with_lock NAME COMMAND...: two runs at once must not build the same thing twice.
with_lock() {
  local name=$1
  shift
  mkdir -p "$PROGENY_CACHE/locks"
  ( flock 9; "$@" ) 9>"$PROGENY_CACHE/locks/$name"
}
