// A program that knows nothing of progeny: loads a plugin and calls it.
#include <windows.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const HMODULE plugin = LoadLibraryA(argv[1]);
  if (plugin == nullptr) {
    std::fprintf(stderr, "LoadLibrary of %s: error %lu\n", argv[1], GetLastError());
    return 2;
  }
  const auto run = reinterpret_cast<int (*)(const char*, int)>(
      reinterpret_cast<void*>(GetProcAddress(plugin, "RunPlugin")));
  std::printf("plugin says %d\n", run(argv[2], 7));
  return 0;
}
