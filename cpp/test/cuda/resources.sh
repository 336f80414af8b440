#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Registers, spills and shared memory of kernels: resources.sh VGPU_RUN TEST_PROGRAM ARCH MOST_REGISTERS
# The emulator writes out the PTX of each part of the library that is used, for an architecture (80, 90); ptxas compiles
# it and says what it takes. The parts are those that the tests of counters use.
# Prints a table; fails where a kernel spills, keeps an array in local memory, or has more registers than allowed, and
# where ptxas says that it lets products of warpgroups (wgmma) wait for each other. A kernel that may have more registers
# is named in ALLOWED below, with its number and the reason.
set -eu
vgpu_run=$1
test_program=$2
arch=$3
most=$4

# Matrix products keep their sums in registers: 128 of them and two steps of fragments for a warp tile of 64 x 64, and
# eight rows by four columns, with the vectors they are made of, in the kernel for few rows. Attention has the terms of
# 64 keys, the sums of 128 dimensions of values and a step's fragments. 168 is what HopperKernel starts with: a third of a
# multiprocessor's. ptxas holds its parts to what they have after setmaxnreg, and spills where that is not enough.
ALLOWED="TileKernel=255 MatrixVectorKernel=168 HopperKernel=168 AttentionKernel=255"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
VGPU_ARCH=$arch VGPU_DUMP_PTX=$folder "$vgpu_run" "$test_program" --gtest_filter='CudaCounters.*' >/dev/null
target=sm_$arch
[ "$arch" != 90 ] || target=sm_90a
found=0
for ptx in "$folder"/*.ptx; do
  [ -e "$ptx" ] || break
  found=1
  ptxas -v -arch="$target" -o /dev/null "$ptx" >>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
done
[ "$found" = 1 ] || { echo "the emulator wrote no PTX"; exit 1; }
if grep -i 'wgmma.*serialized' "$folder/log"; then exit 1; fi

awk -v most="$most" -v allowed="$ALLOWED" '
  BEGIN {
    count = split(allowed, pairs, " ")
    for (i = 1; i <= count; ++i) { split(pairs[i], pair, "="); limit[pair[1]] = pair[2] }
    printf "%9s %6s %6s %7s  %s\n", "registers", "stack", "spills", "shared", "kernel"
  }
  function value(line, words,    at, rest) {
    at = index(line, words)
    if (at == 0) return 0
    rest = substr(line, 1, at - 1)
    sub(/[ ]+$/, "", rest)
    sub(/.*[^0-9]/, "", rest)
    return rest + 0
  }
  /Compiling entry function/ { split($0, parts, "\x27"); kernel = parts[2] }
  /bytes stack frame/ { stack = value($0, "bytes stack frame"); spills = value($0, "bytes spill stores") + value($0, "bytes spill loads") }
  /Used [0-9]+ registers/ && kernel != "" {
    registers = value($0, "registers"); shared = value($0, "bytes smem")
    printf "%9d %6d %6d %7d  %s\n", registers, stack, spills, shared, kernel
    top = most
    for (name in limit) if (index(kernel, name) > 0) top = limit[name]
    if (spills > 0 || stack > 0 || registers > top) { bad = bad "\n  " kernel ": " registers " registers, " stack " bytes of stack, " spills " bytes of spills" }
    kernel = ""; ++kernels
  }
  END {
    printf "%d kernels\n", kernels
    if (kernels == 0) { print "no kernel was found"; exit 1 }
    if (bad != "") { print "kernels over their bounds (no stack, no spills, " most " registers):" bad; exit 1 }
  }' "$folder/log"
