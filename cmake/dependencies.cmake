# What progeny is built from. find_package first; with PROGENY_FETCH_DEPS, what is not found is fetched, pinned by
# commit (Boost by the archive's hash: its repository is 160 submodules). FETCHCONTENT_SOURCE_DIR_ABSL, _BOOST, _CEREAL,
# _GOOGLETEST and _BENCHMARK each name a folder to use instead, for a machine without network.
include(FetchContent)

FetchContent_Declare(absl
  GIT_REPOSITORY https://github.com/abseil/abseil-cpp.git
  GIT_TAG 8c0b94e793a66495e0b1f34a5eb26bd7dc672db0)   # 20220623.1
FetchContent_Declare(boost
  URL https://archives.boost.io/release/1.81.0/source/boost_1_81_0.tar.bz2
  URL_HASH SHA256=71feeed900fbccca04a3b4f2f84a7c217186f28a940ed8b7ed4725986baf99fa
  SOURCE_SUBDIR none)   # headers only: nothing of it is built
FetchContent_Declare(cereal
  GIT_REPOSITORY https://github.com/USCiLab/cereal.git
  GIT_TAG ebef1e929807629befafbb2918ea1a08c7194554     # 1.3.2
  SOURCE_SUBDIR none)
FetchContent_Declare(googletest
  GIT_REPOSITORY https://github.com/google/googletest.git
  GIT_TAG 58d77fa8070e8cec2dc1ed015d66b454c8d78850)   # 1.12.1
FetchContent_Declare(benchmark
  GIT_REPOSITORY https://github.com/google/benchmark.git
  GIT_TAG d572f4777349d43653b21d6c2fc63020ab326db2)   # 1.7.1

# Ends the configuration with the way out, or says that the caller may fetch.
function(progeny_missing what)
  if(NOT PROGENY_FETCH_DEPS)
    message(FATAL_ERROR "progeny: ${what} was not found. Name its prefix in CMAKE_PREFIX_PATH, let ci/deps build it, "
      "or let CMake fetch it: -DPROGENY_FETCH_DEPS=ON.")
  endif()
  message(STATUS "progeny: ${what} was not found; fetching it")
endfunction()

# A header library found as a bare folder.
function(progeny_header_library name include_dir)
  string(MAKE_C_IDENTIFIER progeny_fetched_${name} target)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${include_dir})
  add_library(${name} ALIAS ${target})
endfunction()

find_package(Threads REQUIRED)

if(NOT TARGET absl::status)
  find_package(absl CONFIG QUIET)
endif()
if(NOT TARGET absl::status)
  progeny_missing("Abseil (>= 20220623, built as C++20)")
  set(ABSL_PROPAGATE_CXX_STD ON)
  set(ABSL_ENABLE_INSTALL ${PROGENY_INSTALL})
  FetchContent_MakeAvailable(absl)
endif()

if(NOT TARGET Boost::headers)
  find_package(Boost 1.81 QUIET)
endif()
if(NOT TARGET Boost::headers)
  progeny_missing("Boost (>= 1.81, headers only)")
  FetchContent_MakeAvailable(boost)
  progeny_header_library(Boost::headers ${boost_SOURCE_DIR})
endif()

if(NOT TARGET cereal::cereal)
  find_package(Cereal QUIET)
endif()
if(NOT TARGET cereal::cereal)
  progeny_missing("cereal (>= 1.3)")
  FetchContent_MakeAvailable(cereal)
  progeny_header_library(cereal::cereal ${cereal_SOURCE_DIR}/include)
endif()

# GoogleTest also makes progeny::gtest_main, which consumers like: built where GoogleTest is, required for our tests.
if(NOT TARGET GTest::gtest)
  find_package(GTest CONFIG QUIET)
endif()
if(NOT TARGET GTest::gtest AND PROGENY_BUILD_TESTS)
  progeny_missing("GoogleTest (>= 1.12)")
  set(gtest_force_shared_crt ON)
  FetchContent_MakeAvailable(googletest)
endif()

if(PROGENY_BUILD_BENCH AND NOT TARGET benchmark::benchmark)
  find_package(benchmark CONFIG QUIET)
  if(NOT TARGET benchmark::benchmark)
    progeny_missing("Google Benchmark (>= 1.7)")
    set(BENCHMARK_ENABLE_TESTING OFF)
    FetchContent_MakeAvailable(benchmark)
  endif()
endif()

# One list for the link lines and for progeny.pc.
set(PROGENY_ABSL
  absl::base absl::btree absl::cleanup absl::cord absl::core_headers absl::flat_hash_map absl::flat_hash_set
  absl::function_ref absl::hash absl::inlined_vector absl::node_hash_map absl::node_hash_set absl::span absl::status
  absl::statusor absl::str_format absl::strings absl::symbolize absl::synchronization absl::time)
