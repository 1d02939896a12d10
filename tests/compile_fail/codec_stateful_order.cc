// expect: progeny: a type here cannot travel between processes: its comparator or hash has state, which would be lost
#include <map>

#include "progeny/codec.h"

int main() { return progeny::Encode(std::map<int, int, bool (*)(int, int)>()).ok(); }
