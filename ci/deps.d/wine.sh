# Wine: one prefix, made once, and a wine server that is warm before tests run.
#
# Debian's wineserver wrapper quits with its last program, so that every start is cold (0.5 s instead of 0.04 s); the
# real wineserver64 stays for as long as it is told. Services started by a first program keep its stdio: a first start
# inside a pipe would never end, hence /dev/null everywhere here.

readonly WINE_BIN=/usr/lib/wine
export WINEDEBUG=-all WINEDLLOVERRIDES=winedbg.exe=d   # winedbg would print ninety lines per crash

wine_silently() {
  WINEPREFIX=$1 timeout 120 "$WINE_BIN/wine64" "${@:2}" </dev/null >/dev/null 2>&1
}

ensure_wine_prefix() {
  local final work
  final=$PROGENY_CACHE/wine-$(dpkg-query -W -f '${Version}' wine64 | tr -c 'A-Za-z0-9.\n' _)
  if [[ ! -d $final ]]; then
    say "making a Wine prefix (10 s, once)"
    [[ -x $WINE_BIN/wine64 && -x $WINE_BIN/wineserver64 ]] || die "missing: $WINE_BIN/wine64, wineserver64 (package wine64)"
    work=$(mktemp -d "$PROGENY_CACHE/tmp.XXXXXX")
    WINEPREFIX=$work "$WINE_BIN/wineserver64" -p300 </dev/null >/dev/null 2>&1
    wine_silently "$work" wineboot -i || die "wineboot failed in $work"
    wine_silently "$work" reg add 'HKCU\Software\Wine' /v Version /d win10 /f || die "Wine's registry refused win10"
    WINEPREFIX=$work "$WINE_BIN/wineserver64" -k -w </dev/null >/dev/null 2>&1 || true
    mv -T "$work" "$final"
  fi
  link_into_checkout "$final" wine
}

# Starts the server (it ends by itself after five idle minutes) and the services behind it.
warm_wine() {
  export WINEPREFIX=$PROGENY_ROOT/build/deps/wine
  "$WINE_BIN/wineserver64" -p300 </dev/null >/dev/null 2>&1 || true   # 2: one runs already
  wine_silently "$WINEPREFIX" cmd /c exit 0 || die "Wine does not start a program in $WINEPREFIX"
}
