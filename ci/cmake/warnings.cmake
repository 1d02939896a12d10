# progeny_warnings(target): the warnings this project is clean of; errors in developer mode only, so that a newer
# compiler never breaks a consumer's build.
function(progeny_warnings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${PROGENY_DEVELOPER}>:/WX>)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra $<$<BOOL:${PROGENY_DEVELOPER}>:-Werror>)
  endif()
endfunction()
