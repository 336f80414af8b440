#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs all rows of the benchmark: run_all.sh BENCH LIBRARY HEADERS
# Fails where a row fails, where a function of the headers that takes a stream has no row, and where arguments that are
# none are taken. 77 without a device.
set -eu
bench=$1
library=$2
headers=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

status=0
"$bench" --json "$folder/rows.jsonl" "$library" || status=$?
[ "$status" = 0 ] || exit "$status"
sed -n 's/.*"family":"\([a-z0-9_]*\)".*/\1/p' "$folder/rows.jsonl" | sort -u >"$folder/families"

# Those whose last argument is a stream run kernels, but for what manages memory, streams and weights, and for what is
# of the CPU alone.
cat "$headers"/*.h | tr '\n' ' ' | tr ';' '\n' | sed -n 's/.*octet_status octet_\([a-z0-9_]*\)(.*void\* stream)$/\1/p' |
  grep -v -e '^cuda_' -e '_to_device$' -e '^first_off_grid$' | sort -u >"$folder/functions"
[ -s "$folder/functions" ] || { echo "$headers: no functions"; exit 1; }
missing=$(comm -13 "$folder/families" "$folder/functions")
[ -z "$missing" ] || { echo "no rows of: $missing"; exit 1; }

refuses() { # ARGUMENT...
  status=0
  "$bench" "$@" >"$folder/said" 2>&1 || status=$?
  [ "$status" = 2 ] && grep -q '^usage: ' "$folder/said" && return
  echo "octet_cuda_bench $*: returned $status and said:"
  cat "$folder/said"
  exit 1
}
refuses --unknown
refuses --filter
refuses --parts 0
refuses --filter "no such row" "$library"
refuses --list --filter "no such row"
refuses --kernel none "$library"
refuses "$folder/none.so"
refuses --json "$folder/none/rows.jsonl" "$library"
refuses "$library" another
