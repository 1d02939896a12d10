// expect: progeny: a type here cannot travel between processes: it is an aggregate of more than 100 members or 512 initialisers; use std::array
#include "progeny/codec.h"

struct Page {
  char bytes[4096];
  int number;
};

int main() { return progeny::Encode(Page()).ok(); }
