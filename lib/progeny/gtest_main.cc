// main for tests that start children: the guard, then GoogleTest.
#include "gtest/gtest.h"
#include "progeny/main_guard.h"

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
