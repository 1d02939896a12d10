// expect: progeny: a type here cannot travel between processes: it has no default or no move constructor
#include "progeny/codec.h"

struct Window {
  int& target;
};

int main() { return progeny::Decode<Window>({}).ok(); }
