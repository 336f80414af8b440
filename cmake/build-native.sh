#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Configures (once) and builds the native library: build-native.sh SOURCE BUILD INSTALL [cmake options].
# Called by Maven; a second call without changes takes less than a second.
set -eu

source_dir=$1
build_dir=$2
install_dir=$3
shift 3

fail() {
  echo "octet: $1" >&2
  exit 1
}

command -v cmake >/dev/null 2>&1 ||
  fail "CMake was not found: install it (Debian: apt-get install cmake) and build again."
if [ -n "${CXX:-}" ]; then
  command -v "${CXX%% *}" >/dev/null 2>&1 ||
    fail "the C++ compiler named by CXX ('$CXX') was not found: install it or unset CXX."
else
  command -v c++ >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 || command -v clang++ >/dev/null 2>&1 ||
    fail "no C++ compiler was found: install one (Debian: apt-get install g++) and build again."
fi

if command -v ninja >/dev/null 2>&1; then
  generator=Ninja
elif command -v make >/dev/null 2>&1; then
  generator="Unix Makefiles"
else
  fail "neither make nor ninja was found: install one (Debian: apt-get install make) and build again."
fi

case " $* " in
*" -DOCTET_CUDA=OFF "*) ;;
*)
  command -v nvcc >/dev/null 2>&1 ||
    echo "octet: nvcc was not found: building the CPU library alone (for CUDA install the CUDA toolkit 13.0)."
  ;;
esac

mkdir -p "$build_dir"
log=$build_dir/build.log

# A checkout that was moved leaves a cache of its old place, which CMake refuses.
if [ -f "$build_dir/CMakeCache.txt" ] &&
  ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source_dir" "$build_dir/CMakeCache.txt"; then
  rm -rf "$build_dir"
  mkdir -p "$build_dir"
fi
# Other options than last time: what was built with them may no longer be installed.
if [ ! -f "$build_dir/options" ] || [ "$(cat "$build_dir/options")" != "$*" ]; then
  rm -f "$build_dir/CMakeCache.txt" "$install_dir/lib/liboctet_cuda.so"
fi
if [ ! -f "$build_dir/CMakeCache.txt" ]; then
  cmake -S "$source_dir" -B "$build_dir" -G "$generator" "-DCMAKE_INSTALL_PREFIX=$install_dir" \
    -DCMAKE_INSTALL_LIBDIR=lib "$@" >"$log" 2>&1 || {
      rm -f "$build_dir/CMakeCache.txt"
      cat "$log" >&2
      fail "CMake failed, see above."
    }
  printf '%s' "$*" >"$build_dir/options"
fi
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
cmake --build "$build_dir" --target install -j "$jobs" >"$log" 2>&1 ||
  { cat "$log" >&2; fail "the native build failed, see above."; }
