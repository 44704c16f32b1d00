# Installs the headers, a package for find_package(etta) and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(etta_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/etta")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/etta" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp")
install(TARGETS etta EXPORT etta-targets)
install(EXPORT etta-targets NAMESPACE etta:: DESTINATION "${etta_cmake_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/etta-config.cmake.in" "${PROJECT_BINARY_DIR}/etta-config.cmake"
                              INSTALL_DESTINATION "${etta_cmake_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/etta-config-version.cmake" COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/etta-config.cmake" "${PROJECT_BINARY_DIR}/etta-config-version.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/etta-dependencies.cmake"
        DESTINATION "${etta_cmake_dir}")

# pkg-config has no "if found": the file says what was found when it was made.
set(etta_pc_cflags "-std=c++20")
set(etta_pc_libs "")
set(etta_pc_requires "")
if(TARGET OpenMP::OpenMP_CXX AND ETTA_OPENMP)
  string(APPEND etta_pc_cflags " -fopenmp")
  string(APPEND etta_pc_libs " -fopenmp")
endif()
if(TARGET ZLIB::ZLIB AND ETTA_ZLIB)
  string(APPEND etta_pc_cflags " -DETTA_HAS_ZLIB=1")
  set(etta_pc_requires "zlib")
endif()
foreach(option IN ITEMS OPENMP XSIMD)
  if(NOT "${ETTA_${option}}" STREQUAL "AUTO" AND NOT ETTA_${option})
    string(APPEND etta_pc_cflags " -DETTA_NO_${option}=1")
  endif()
endforeach()
file(RELATIVE_PATH etta_pc_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" etta_pc_prefix "${etta_pc_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/etta.pc.in" "${PROJECT_BINARY_DIR}/etta.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/etta.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
