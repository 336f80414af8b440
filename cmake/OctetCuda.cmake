# SPDX-License-Identifier: Apache-2.0
# Whether and how the CUDA kernels are built. Sets OCTET_HAVE_CUDA.

set(OCTET_CUDA AUTO CACHE STRING "Build the CUDA kernels: ON, OFF, or AUTO for where nvcc is found")
set(OCTET_CUDA_RUNTIME shared CACHE STRING
  "How liboctet_cuda has the CUDA runtime: shared (tests under an emulator), static (needs the driver alone)")
set(OCTET_CUDA_ARCHS default CACHE STRING
  "Architectures: default, test (PTX alone, fast to build), or a list for CMAKE_CUDA_ARCHITECTURES")
set_property(CACHE OCTET_CUDA PROPERTY STRINGS AUTO ON OFF)
set_property(CACHE OCTET_CUDA_RUNTIME PROPERTY STRINGS shared static)

set(OCTET_HAVE_CUDA OFF)
# Architectures that get machine code from the PTX of 8.0.
set(OCTET_CUDA_ASSEMBLED_FROM_80)
if(OCTET_CUDA STREQUAL AUTO AND OCTET_SANITIZE)
  message(STATUS "CUDA kernels: not in builds with sanitizers")
elseif(OCTET_CUDA)
  include(CheckLanguage)
  if(NOT CMAKE_CUDA_HOST_COMPILER)
    set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER} CACHE FILEPATH "Host compiler of nvcc")
  endif()
  # Of the kernels for Hopper, which no other architecture runs.
  set(OCTET_CUDA_HOPPER_ARCHITECTURE 90a-real)
  if(OCTET_CUDA_ARCHS STREQUAL "default")
    # Machine code for what there is, and PTX for what comes between (8.0) and after (12.0). Outside the kernels for Hopper
    # nothing asks for more than 8.0, so its PTX is made once and assembled for the five architectures that it serves: the
    # tile of 128x64 takes 53 s instead of 78 for all of them, softmax 92 s instead of 116.
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80 120)
    set(OCTET_CUDA_ASSEMBLED_FROM_80 86 89 90 100)
  elseif(OCTET_CUDA_ARCHS STREQUAL "test")
    # What runs on emulated devices of 7.5, 8.0 and 9.0.
    set(CMAKE_CUDA_ARCHITECTURES 75-virtual 80-virtual)
    set(OCTET_CUDA_HOPPER_ARCHITECTURE 90a-virtual)
  else()
    set(CMAKE_CUDA_ARCHITECTURES ${OCTET_CUDA_ARCHS})
  endif()
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(OCTET_HAVE_CUDA ON)
    message(STATUS "CUDA kernels: ${CMAKE_CUDA_ARCHITECTURES} ${OCTET_CUDA_ASSEMBLED_FROM_80}, ${OCTET_CUDA_RUNTIME} runtime")
  elseif(OCTET_CUDA STREQUAL AUTO)
    message(STATUS "CUDA kernels: not built, nvcc was not found")
  else()
    message(FATAL_ERROR "OCTET_CUDA is ${OCTET_CUDA}, but nvcc was not found: install the CUDA toolkit 13.0 or name it in "
      "CMAKE_CUDA_COMPILER")
  endif()
endif()
