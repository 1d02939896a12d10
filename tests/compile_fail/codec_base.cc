// expect: progeny: a type here cannot travel between processes: it is an aggregate with a base class; make the base a member
#include "progeny/codec.h"

struct Point {
  int x, y;
};
struct Point3 : Point {
  int z;
};

int main() { return progeny::Encode(Point3()).ok(); }
