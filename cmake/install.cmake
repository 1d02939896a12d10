# What `cmake --install` leaves: the library, its headers, a CMake package, progeny.pc, the tool and its manual page.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/progeny)

install(TARGETS progeny EXPORT progeny-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET progeny_tool)
  install(TARGETS progeny_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/tools/progeny.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(EXPORT progeny-targets NAMESPACE progeny:: DESTINATION ${package_dir})

# Apart, so that a consumer without GoogleTest can still use the rest.
if(TARGET progeny_gtest_main)
  install(TARGETS progeny_gtest_main EXPORT progeny-gtest-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT progeny-gtest-targets NAMESPACE progeny:: DESTINATION ${package_dir})
endif()

configure_package_config_file(cmake/progeny-config.cmake.in ${PROJECT_BINARY_DIR}/progeny-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/progeny-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/progeny-config.cmake ${PROJECT_BINARY_DIR}/progeny-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindCereal.cmake
  DESTINATION ${package_dir})

# Abseil's own .pc files stand under Requires: its types are in progeny's headers.
list(TRANSFORM PROGENY_ABSL REPLACE "absl::" "absl_" OUTPUT_VARIABLE pc_requires)
list(JOIN pc_requires " " PROGENY_PC_REQUIRES)
list(TRANSFORM PROGENY_SYSTEM_LIBRARIES PREPEND "-l" OUTPUT_VARIABLE pc_libraries)
list(JOIN pc_libraries " " PROGENY_PC_LIBRARIES)
# Movable: the prefix is found from where the file lies, however deep the library folder is (lib/x86_64-linux-gnu).
file(RELATIVE_PATH PROGENY_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/progeny.pc.in ${PROJECT_BINARY_DIR}/progeny.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/progeny.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
