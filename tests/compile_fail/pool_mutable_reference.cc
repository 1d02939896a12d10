// expect: progeny: a T& parameter would refer to the child's own copy, so its changes would be lost
#include <vector>

#include "progeny/pool.h"

int Sort(std::vector<int>& values);

auto Refused(progeny::Pool& pool, std::vector<std::vector<int>>& all) { return pool.Map(progeny::fn<&Sort>, all); }
