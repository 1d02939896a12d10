// A program that knows nothing of progeny: loads a plugin and calls it.
#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  void* const plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  const auto run = reinterpret_cast<int (*)(const char*, int)>(dlsym(plugin, "RunPlugin"));
  std::printf("plugin says %d\n", run(argv[2], 7));
  return 0;
}
