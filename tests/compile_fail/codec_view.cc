// expect: progeny: a type here cannot travel between processes: it is a view of bytes that stay here; use an owner such as std::string
#include <string_view>

#include "progeny/codec.h"

int main() { return progeny::Decode<std::string_view>({}).ok(); }
