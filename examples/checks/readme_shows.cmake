# cmake -DREADME=README.md -DEXAMPLE=hello.cc -P readme_shows.cmake: the example must stand in the README, word for word.
file(READ ${README} readme)
file(READ ${EXAMPLE} example)
string(FIND "${readme}" "```cpp\n${example}```" place)
if(place EQUAL -1)
  message(FATAL_ERROR "README.md shows another program than ${EXAMPLE}; copy the file into its first code block")
endif()
