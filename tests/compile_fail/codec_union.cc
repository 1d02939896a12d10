// expect: progeny: a type here cannot travel between processes: it is a union, which does not tell what it holds; use std::variant
#include "progeny/codec.h"

union Either {
  int number;
  float real;
};
struct Value {
  bool is_real;
  Either either;
};

int main() { return progeny::Encode(Value()).ok(); }
