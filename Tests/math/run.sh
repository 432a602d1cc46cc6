#!/bin/sh
# Tests of descent_math.h and descent_random.h. usage: Tests/math/run.sh [quick|full]
# Builds with every clang and gcc found (at least one of each is wanted), without a warning; compares the hashes of all
# builds; then measures the errors: quick takes seconds, full all 2^32 floats for each function (many minutes).
set -eu
mode=${1:-quick}
case $mode in quick | full) ;; *) echo "usage: run.sh [quick|full]" >&2; exit 2 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../Runtime/include
. "$here/../tools.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Werror"
fast="-O3 -fno-math-errno -fno-trapping-math -ffp-contract=off"
clangs= gccs=
for c in clang clang-14 clang-16 clang-19; do links $c -O1 && clangs="$clangs $c"; done
for c in gcc; do links $c -O1 && gccs="$gccs $c"; done
[ -n "$clangs" ] || { echo "math: no clang found; install clang" >&2; exit 2; }
[ -n "$gccs" ] || { echo "math: no gcc found; install gcc" >&2; exit 2; }

# same NAME COMPILER FLAGS...: builds and runs same_bits, and compares with the first build's lines.
reference=
same() {
  name=$1 compiler=$2
  shift 2
  $compiler $warnings "-I$include" "$@" "$here/same_bits.c" -o "$work/same_bits" -lm
  "$work/same_bits" >"$work/$name.txt"
  if [ -z "$reference" ]; then reference=$name; fi
  if cmp -s "$work/$reference.txt" "$work/$name.txt"; then echo "same bits    $name"; else
    echo "same bits    $name DIFFERS from $reference:"
    diff "$work/$reference.txt" "$work/$name.txt" || true
    exit 1
  fi
}

for c in $clangs $gccs; do
  same "$c-O3-native" "$c" -std=c11 -march=native $fast
done
for c in ${clangs##* } ${gccs##* }; do
  same "$c-O0-native" "$c" -std=c11 -march=native -O0 -ffp-contract=off
  if can "C++" "$c" -x c++ -std=c++17; then same "$c-C++17" "$c" -x c++ -std=c++17 -march=native $fast; fi
  if [ "$(uname -m)" = x86_64 ]; then
    same "$c-avx2" "$c" -std=c11 -march=x86-64-v3 $fast
    same "$c-scalar" "$c" -std=c11 -march=x86-64-v3 $fast -fno-tree-vectorize
    same "$c-exact-fma" "$c" -std=c11 -DDSC_EXACT_FMA -DDSC_QUIET $fast
  fi
done

# By the last of each that has the libraries.
for list in "$clangs" "$gccs"; do
  sanitized=
  for c in $list; do if sanitizes $c; then sanitized=$c; fi; done
  [ -z "$sanitized" ] || same "$sanitized-sanitized" $sanitized -std=c11 -march=native -O1 -g -ffp-contract=off $sanitizers
done

for c in ${clangs##* } ${gccs##* }; do
  "$c" -std=c11 $warnings "-I$include" -march=native $fast "$here/philox.c" -o "$work/philox" -lm
  "$work/philox"
  "$c" -std=c11 $warnings "-I$include" -march=native $fast "$here/speed.c" -o "$work/speed-$c" -lm
done

compiler=${gccs##* } openmp=-Wno-unknown-pragmas
if can "the use of several threads" "$compiler" -fopenmp; then openmp=-fopenmp; fi
"$compiler" -std=c11 $warnings "-I$include" -march=native $fast $openmp "$here/ulp.c" -o "$work/ulp" -lm
"$work/ulp" "$mode"
# A target without fma is a second class of bits, yet must be nearly as exact.
if [ "$(uname -m)" = x86_64 ] && [ "$mode" = quick ]; then
  "$compiler" -std=c11 $warnings "-I$include" -DDSC_QUIET -march=x86-64 $fast $openmp "$here/ulp.c" -o "$work/ulp-no-fma" -lm
  echo "without fma:"
  "$work/ulp-no-fma" quick || echo "(above 2 ulp without fma: reported, not a failure)"
fi
