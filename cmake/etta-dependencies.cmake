# What etta can use, if it is there. Each option is AUTO (use it where found), ON (an error where not found) or OFF.
#
#   ETTA_OPENMP   threads                 ETTA_XSIMD   SIMD registers by xsimd (else the compiler's own vectors)
#   ETTA_ZLIB     read gzip files         ETTA_STB     where <etta/io/stb.hpp> finds stb_image.h: PNG and JPEG files
#
# And threads' library, where the system has one of its own, for <etta/data/prefetch.hpp>.
#
# Used by the build and by the installed package alike.
include_guard(GLOBAL)

foreach(etta_option IN ITEMS OPENMP XSIMD ZLIB STB)
  set(ETTA_${etta_option} AUTO CACHE STRING "AUTO, ON or OFF")
  set_property(CACHE ETTA_${etta_option} PROPERTY STRINGS AUTO ON OFF)
endforeach()

function(etta_add_dependencies target)
  if(CMAKE_SYSTEM_NAME STREQUAL "Generic")  # bare metal: find_package would find the host's
    return()
  endif()

  if("${ETTA_OPENMP}" STREQUAL "AUTO")
    find_package(OpenMP QUIET COMPONENTS CXX)
  elseif(ETTA_OPENMP)
    find_package(OpenMP REQUIRED COMPONENTS CXX)
  endif()
  if(NOT "${ETTA_OPENMP}" STREQUAL "AUTO" AND NOT ETTA_OPENMP)
    target_compile_definitions(${target} INTERFACE ETTA_NO_OPENMP=1)
  elseif(TARGET OpenMP::OpenMP_CXX)
    target_link_libraries(${target} INTERFACE OpenMP::OpenMP_CXX)
  endif()

  # Not find_package(xsimd): the header in a default place is found by the compiler, and the target adds nothing.
  if(NOT "${ETTA_XSIMD}" STREQUAL "AUTO" AND NOT ETTA_XSIMD)
    target_compile_definitions(${target} INTERFACE ETTA_NO_XSIMD=1)
  else()
    find_path(ETTA_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
    mark_as_advanced(ETTA_XSIMD_INCLUDE_DIR)
    if(ETTA_XSIMD_INCLUDE_DIR)
      if(NOT ETTA_XSIMD_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
        target_include_directories(${target} SYSTEM INTERFACE "${ETTA_XSIMD_INCLUDE_DIR}")
      endif()
    elseif(NOT "${ETTA_XSIMD}" STREQUAL "AUTO")
      message(FATAL_ERROR "etta: ETTA_XSIMD is ON and xsimd/xsimd.hpp was not found")
    endif()
  endif()

  if("${ETTA_ZLIB}" STREQUAL "AUTO")
    find_package(ZLIB QUIET)
  elseif(ETTA_ZLIB)
    find_package(ZLIB REQUIRED)
  endif()
  if(TARGET ZLIB::ZLIB AND ETTA_ZLIB)
    target_compile_definitions(${target} INTERFACE ETTA_HAS_ZLIB=1)
    target_link_libraries(${target} INTERFACE ZLIB::ZLIB)
  endif()

  # Only a path: the header is included by nobody who does not want it.
  if(NOT "${ETTA_STB}" STREQUAL "AUTO" AND NOT ETTA_STB)
    target_compile_definitions(${target} INTERFACE ETTA_NO_STB=1)
  else()
    find_path(ETTA_STB_INCLUDE_DIR NAMES stb/stb_image.h stb_image.h PATH_SUFFIXES stb)
    mark_as_advanced(ETTA_STB_INCLUDE_DIR)
    if(ETTA_STB_INCLUDE_DIR)
      if(NOT ETTA_STB_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
        target_include_directories(${target} SYSTEM INTERFACE "${ETTA_STB_INCLUDE_DIR}")
      endif()
    elseif(NOT "${ETTA_STB}" STREQUAL "AUTO")
      message(FATAL_ERROR "etta: ETTA_STB is ON and stb_image.h was not found")
    endif()
  endif()

  find_package(Threads QUIET)
  if(TARGET Threads::Threads)
    target_link_libraries(${target} INTERFACE Threads::Threads)
  endif()
endfunction()
