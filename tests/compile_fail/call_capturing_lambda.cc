// expect: progeny: this callable has state that can't travel: pass a lambda's captures as arguments
#include "progeny/call.h"
#include "progeny/process.h"

auto Refused(int captured) {
  return progeny::Call([captured] { return captured; });
}
