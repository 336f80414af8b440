#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Registers, spills, stacks and shared memory of kernels: resources.sh FOLDER ARCH TABLE [KERNELS]
# FOLDER has the PTX of the library, module by module, as the emulator wrote it out while tests ran: the front end of the
# compiler, which takes much of the time of a build, does not run again. ptxas compiles it for ARCH (75, 80, 90, or one
# that is held to what sm_80 may take: 86, 89, 100, 120) and says what it takes; what it said of a module is kept in
# FOLDER.sm_ARCH for the next time. KERNELS, a regular expression, keeps to modules with a kernel whose name, as the
# table has it, begins so: ptxas takes long.
# Prints a table of all kernels. Fails where one that TABLE (resources.txt) has a row for spills, has a stack, or takes
# more than the row says; where a row is of no kernel; and where ptxas lets products of warpgroups (wgmma) wait for each
# other.
set -eu
folder=$1
arch=$2
table=$3
kernels=${4:-.*}

target=sm_$arch
[ "$arch" != 90 ] || target=sm_90a
kept=$folder.sm_$arch
mkdir -p "$kept"
ls "$folder"/*.ptx >/dev/null 2>&1 || { echo "$folder: no PTX"; exit 1; }

compile() { # PTX
  log=$kept/$(cksum <"$1" | tr ' ' -).log
  if [ ! -e "$log" ]; then
    ptxas -v -arch="$target" -o /dev/null "$1" >"$log.new" 2>&1 || { cat "$log.new"; return 1; }
    mv "$log.new" "$log"
  fi
  cat "$log"
}
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
# Two at a time: modules take turns.
half() { # NUMBER
  number=0
  for ptx in "$folder"/*.ptx; do
    number=$((1 - number))
    [ "$number" = "$1" ] || continue
    grep '\.entry' "$ptx" | grep -Eq "[0-9]($kernels)" || continue
    compile "$ptx" >>"$said/$1" || { cat "$said/$1"; return 1; }
  done
}
half 0 &
first=$!
half 1
wait "$first"
cat "$said"/* >"$said/all"
if grep -i 'wgmma.*serialized' "$said/all"; then exit 1; fi

c++filt <"$said/all" | awk -v arch="$arch" -v table="$table" -v kernels="^($kernels)" '
  # Rows: the beginning of a kernel name, registers on sm_75, sm_80 and sm_90, bytes of shared memory, reason.
  BEGIN {
    column = arch == 75 ? 2 : arch == 90 ? 4 : 3
    while ((getline line < table) > 0) {
      if (line ~ /^#/ || line ~ /^[ \t]*$/) continue
      split(line, cells, /[ \t]*\|[ \t]*/)
      prefix[++rows] = cells[1]; most[rows] = cells[column]; memory[rows] = cells[5]
    }
    if (rows == 0) { print table ": no rows"; exit 1 }
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
  function plain(name) {
    gsub(/octet::cuda::|octet::|\(anonymous namespace\)::/, "", name)
    # Types of enumerators among template arguments.
    gsub(/\([A-Za-z]+\)/, "", name)
    sub(/^void /, "", name)
    sub(/\(.*/, "", name)
    return name
  }
  /Compiling entry function/ { split($0, parts, "\x27"); kernel = plain(parts[2]) }
  /bytes stack frame/ { stack = value($0, "bytes stack frame"); spills = value($0, "bytes spill stores") + value($0, "bytes spill loads") }
  /Used [0-9]+ registers/ && kernel != "" {
    registers = value($0, "registers"); shared = value($0, "bytes smem")
    line = sprintf("%9d %6d %6d %7d  %s", registers, stack, spills, shared, kernel)
    print line
    best = 0
    for (i = 1; i <= rows; ++i) {
      if (index(kernel, prefix[i]) == 1 && (best == 0 || length(prefix[i]) > length(prefix[best]))) best = i
    }
    used[best] = 1
    if (best == 0) {
      without = without "\n" line
    } else if (spills > 0 || stack > 0) {
      bad = bad "\n" line
    } else if (registers > most[best] + 0 || shared > memory[best] + 0) {
      bad = bad "\n" line "  (up to " most[best] " registers, " memory[best] " shared)"
    }
    kernel = ""; ++kernels
  }
  END {
    for (i = 1; i <= rows; ++i) {
      if (most[i] != "-" && !used[i] && prefix[i] ~ kernels) unused = unused "\n" prefix[i]
    }
    printf "%d kernels\n", kernels
    if (without != "") print "kernels without a row, held to nothing:" without
    if (bad != "") print "kernels with a stack, spills, or more than their row allows:" bad
    if (unused != "") print "rows of no kernel:" unused
    if (kernels == 0 || bad != "" || unused != "") exit 1
  }'
