set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(PROGENY_TOOLCHAIN macos-arm64)
include(${CMAKE_CURRENT_LIST_DIR}/macos.cmake)
