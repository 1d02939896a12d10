# Included by the presets (CMAKE_PROJECT_TOP_LEVEL_INCLUDES): ccache where there is one.
find_program(PROGENY_CCACHE ccache)
mark_as_advanced(PROGENY_CCACHE)
if(PROGENY_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${PROGENY_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROGENY_CCACHE})
endif()
