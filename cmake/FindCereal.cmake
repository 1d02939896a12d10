# cereal::cereal, for distributions whose package has the headers but no CMake files (Debian). Installed with progeny.
#
# A package that does bring its own files (vcpkg) is preferred.
find_package(cereal CONFIG QUIET)
if(TARGET cereal::cereal)
  set(Cereal_FOUND TRUE)
  return()
endif()

find_path(Cereal_INCLUDE_DIR NAMES cereal/cereal.hpp)
mark_as_advanced(Cereal_INCLUDE_DIR)
if(Cereal_INCLUDE_DIR AND EXISTS ${Cereal_INCLUDE_DIR}/cereal/version.hpp)
  file(STRINGS ${Cereal_INCLUDE_DIR}/cereal/version.hpp _lines REGEX "^#define CEREAL_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE "[^0-9;]" "" _numbers "${_lines}")
  list(JOIN _numbers "." Cereal_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Cereal REQUIRED_VARS Cereal_INCLUDE_DIR VERSION_VAR Cereal_VERSION)

if(Cereal_FOUND)
  add_library(cereal::cereal INTERFACE IMPORTED)
  target_include_directories(cereal::cereal INTERFACE ${Cereal_INCLUDE_DIR})
endif()
