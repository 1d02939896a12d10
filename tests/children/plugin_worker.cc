// What a plugin names as ProcessOptions::executable: a guard, and the plugin.
#include "children/plugin.h"
#include "progeny/main_guard.h"

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  return PluginVersion() == 1 ? 2 : 3;  // started by hand there is nothing to do
}
