// A plugin that starts children, for a host whose main it can't touch.
#ifndef PROGENY_TESTS_CHILDREN_PLUGIN_H_
#define PROGENY_TESTS_CHILDREN_PLUGIN_H_

extern "C" {
// What `x` becomes in a child of `worker`, a program with a guard that links this plugin; negative
// when that fails, after saying why on stderr. `worker` may be "": then the host itself is started.
int RunPlugin(const char* worker, int x);
// So that a linker keeps the plugin in programs that name it and call nothing else.
int PluginVersion();
}

#endif  // PROGENY_TESTS_CHILDREN_PLUGIN_H_
