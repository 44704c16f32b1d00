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

# A library that is headers only: where one of these names is found, its folder is a system's; option OFF defines ETTA_NO_<option>.
function(etta_use_header target option)
  if(NOT "${ETTA_${option}}" STREQUAL "AUTO" AND NOT ETTA_${option})
    target_compile_definitions(${target} INTERFACE ETTA_NO_${option}=1)
    return()
  endif()
  find_path(ETTA_${option}_INCLUDE_DIR NAMES ${ARGN})
  mark_as_advanced(ETTA_${option}_INCLUDE_DIR)
  if(ETTA_${option}_INCLUDE_DIR)
    if(NOT ETTA_${option}_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
      target_include_directories(${target} SYSTEM INTERFACE "${ETTA_${option}_INCLUDE_DIR}")
    endif()
  elseif(NOT "${ETTA_${option}}" STREQUAL "AUTO")
    message(FATAL_ERROR "etta: ETTA_${option} is ON and there is no ${ARGV2}")
  endif()
endfunction()

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
  etta_use_header(${target} XSIMD xsimd/xsimd.hpp)

  if("${ETTA_ZLIB}" STREQUAL "AUTO")
    find_package(ZLIB QUIET)
  elseif(ETTA_ZLIB)
    find_package(ZLIB REQUIRED)
  endif()
  if(TARGET ZLIB::ZLIB AND ETTA_ZLIB)
    target_compile_definitions(${target} INTERFACE ETTA_HAS_ZLIB=1)
    target_link_libraries(${target} INTERFACE ZLIB::ZLIB)
  endif()

  # Included by nobody who does not want it.
  etta_use_header(${target} STB stb/stb_image.h stb_image.h)

  find_package(Threads QUIET)
  if(TARGET Threads::Threads)
    target_link_libraries(${target} INTERFACE Threads::Threads)
  endif()
endfunction()
