# gcc: clang 14's ThreadSanitizer aborts on an intercepted clone(CLONE_VM|CLONE_VFORK).
include(${CMAKE_CURRENT_LIST_DIR}/gcc.cmake)
