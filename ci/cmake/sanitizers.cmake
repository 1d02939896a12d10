# PROGENY_SANITIZE, for whole builds (Abseil and GoogleTest included: ci/deps builds them with the same flags).
if(PROGENY_SANITIZE)
  list(JOIN PROGENY_SANITIZE "," _sanitizers)
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${_sanitizers})
  if("undefined" IN_LIST PROGENY_SANITIZE)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
