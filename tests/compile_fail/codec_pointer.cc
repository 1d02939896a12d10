// expect: progeny: a type here cannot travel between processes: it is a pointer, which means nothing elsewhere
#include <map>
#include <vector>

#include "progeny/codec.h"

struct Row {
  int count;
  const char* text;
};

int main() { return progeny::Encode(std::vector<std::map<int, Row>>()).ok(); }
