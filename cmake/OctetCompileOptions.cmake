# SPDX-License-Identifier: Apache-2.0
# Compiler and linker settings that every target of the project has.

add_library(octet_compile_options INTERFACE)
target_compile_features(octet_compile_options INTERFACE cxx_std_17)

# Sanitized builds are for finding defects: what they spend on optimizing is lost, and so is what they spend on telling
# where variables are (-g1: lines alone), which made of minutes for a file of kernels more than six.
set(octet_optimization -O3)
if(OCTET_SANITIZE)
  set(octet_optimization -O1)
endif()

# -ffp-contract=off: a product and a sum are two roundings; where one is meant the code says fma.
target_compile_options(octet_compile_options INTERFACE
  ${octet_optimization} -ffp-contract=off -fvisibility=hidden -fvisibility-inlines-hidden -Wall -Wextra
  $<$<BOOL:${OCTET_WERROR}>:-Werror>)

# GCC fills and copies structures of more than some ten words by `rep stos` and `rep movs`, which take 30 cycles to start
# on processors of today: a tenth of attention with 16 keys, whose tiles and steps are such structures.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(octet_compile_options INTERFACE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-mmemset-strategy=vector_loop:512:noalign,libcall:-1:noalign>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-mmemcpy-strategy=vector_loop:512:noalign,libcall:-1:noalign>)
endif()

if(OCTET_SANITIZE)
  target_compile_options(octet_compile_options INTERFACE
    -fsanitize=${OCTET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(octet_compile_options INTERFACE -fsanitize=${OCTET_SANITIZE})
endif()

# Fails with one line that says what to install.
function(octet_require_package package debian_package option)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${option} needs ${package}: apt-get install ${debian_package}")
  endif()
endfunction()
