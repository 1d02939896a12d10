// A guard and nothing else: whatever it is to run, it loads.
#include "progeny/main_guard.h"

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  return 2;
}
