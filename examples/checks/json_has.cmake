# cmake -DPROGRAM="program;arguments" -DMEMBERS="a,b 0 c" -P json_has.cmake: runs it; its output must be JSON with these
# members (a path is a list of names and indices).
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "ended with ${result}: ${output}")
endif()
string(REPLACE "," ";" members "${MEMBERS}")
foreach(member IN LISTS members)
  string(REPLACE " " ";" path "${member}")
  string(JSON found GET "${output}" ${path})   # ends here if it isn't there
endforeach()
