# PROGENY_SANITIZE, for whole builds (Abseil and GoogleTest included: ci/deps builds them with the same flags).
if(PROGENY_SANITIZE)
  list(JOIN PROGENY_SANITIZE "," _sanitizers)
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${_sanitizers})
  if("thread" IN_LIST PROGENY_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It warns of every fence, which it can't follow. Ours (platform/shared_word.h) order a look and a sleep, not data.
    add_compile_options(-Wno-tsan)
  endif()
  if("undefined" IN_LIST PROGENY_SANITIZE)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
