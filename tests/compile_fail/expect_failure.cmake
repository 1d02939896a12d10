# Compiles SOURCE with COMPILER and INCLUDES; succeeds when that fails with the message its first line expects.
file(STRINGS ${SOURCE} lines LIMIT_COUNT 1)
if(NOT lines MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${SOURCE}: the first line must be '// expect: <regular expression>'")
endif()
set(expected "${CMAKE_MATCH_1}")

set(flags)
foreach(folder IN LISTS INCLUDES)
  list(APPEND flags "-I${folder}")
endforeach()
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${flags} ${SOURCE}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, though it must not; expected: ${expected}")
endif()
string(REGEX REPLACE "[ \t\r\n]+" " " flat "${output}")
if(NOT flat MATCHES "${expected}")
  message(FATAL_ERROR "${SOURCE} fails with another message than\n  ${expected}\nnamely:\n${output}")
endif()
string(REGEX MATCHALL "[ :]error: " errors "${output}")   # the lines themselves hold semicolons
list(LENGTH errors count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "${SOURCE}: one error is to be told, not ${count}:\n${output}")
endif()
string(REGEX MATCH "[^\n]*error:[^\n]*" first "${output}")
message(STATUS "refused: ${first}")
