# Debian and Ubuntu packages: asked of dpkg first, so that a machine that has them needs neither apt nor network.

readonly BASE_PACKAGES="g++ lld make cmake ninja-build ccache python3 pkg-config dpkg-dev libcereal-dev libbenchmark-dev googletest"
readonly BOOST_AT_LEAST=1.81

packages_for() {
  case $1 in
    gcc) browser_package ;;
    tsan) ;;
    clang | asan) echo clang libclang-rt-14-dev ;;
    windows-mingw) echo g++-mingw-w64-x86-64-posix wine64 ;;
    macos-x64 | macos-arm64) command -v npm >/dev/null || echo npm ;;
  esac
}

# Opens the page that `progeny memory` writes. Only tests need it (PROGENY_NO_TESTS=1: leave it out), and without it they
# skip: Ubuntu has it as a snap only.
browser_package() {
  [[ -n ${PROGENY_NO_TESTS:-} ]] || ! grep -qx 'ID=debian' /etc/os-release || echo chromium
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

boost_package() {
  local version package
  version=$(sed -n 's/^#define BOOST_LIB_VERSION "\(.*\)"/\1/p' /usr/include/boost/version.hpp 2>/dev/null | tr _ .)
  if [[ -n $version ]] && dpkg --compare-versions "$version" ge $BOOST_AT_LEAST; then return; fi
  for package in libboost1.81-dev libboost-dev; do
    if [[ -n $(apt-cache madison "$package" 2>/dev/null) ]]; then echo "$package"; return; fi
  done
  echo libboost1.81-dev   # unknown to apt as yet: the update below will tell
}

missing_packages() {
  local package
  for package in "$@"; do is_installed "$package" || echo "$package"; done
}

install_packages() {
  local missing
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing+=$(boost_package)
  if [[ -z ${missing// /} ]]; then return; fi
  say "installing packages: $missing"
  command -v apt-get >/dev/null || die "missing: $missing(no apt-get here: install them by hand)"
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die "missing: $missing(not root, and no sudo to install them)"
    as_root=(sudo)
  fi
  quiet "$PROGENY_CACHE/logs/apt-update.log" "${as_root[@]}" apt-get update
  # shellcheck disable=SC2086
  quiet "$PROGENY_CACHE/logs/apt-install.log" \
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
  # shellcheck disable=SC2086
  missing=$(missing_packages $missing | tr '\n' ' ')
  [[ -z $missing ]] || die "missing after apt-get install: $missing"
}
