#!/bin/sh
# Builds check.c for every compiler, instruction set, language and optimisation level at hand, and runs it.
# usage: Tests/gemm/run.sh [quick|full]; quick takes one build of each kind.
set -eu
mode=${1:-full}
case $mode in quick | full) ;; *) echo "usage: run.sh [quick|full]" >&2; exit 2 ;; esac
cd "$(dirname "$0")"
. ../tools.sh
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Werror"
check() {
  echo "$*"
  "$@" $warnings -I../../Runtime/include check.c -o "$build/check" -lm
  "$build/check"
}
avx2="-mno-avx512f"
small="-DDSC_GEMM_MC=48 -DDSC_GEMM_NC=64"
sanitized() { if sanitizes $1; then check $1 -std=c11 -O1 -g -march=native $sanitizers; fi; }
as_cxx() {
  compiler=$1
  shift
  if can "C++" $compiler -x c++ -std=c++17; then check $compiler -x c++ -std=c++17 -O1 -march=native "$@"; fi
}
if [ "$mode" = quick ]; then
  if can "the matrix product's checks" clang -O3; then
    check clang -std=c11 -O3 -march=native
    check clang -std=c11 -O3 -march=native -DDSC_NO_VECTORS
    [ "$(uname -m)" != x86_64 ] || check clang -std=c11 -O3 -march=x86-64-v3 $avx2
  fi
  if can "the matrix product's checks" gcc -O3; then
    [ "$(uname -m)" != x86_64 ] || check gcc -std=c11 -O3 -DDSC_QUIET
    check gcc -std=c11 -O3 -march=native
    as_cxx gcc
    check gcc -std=c11 -O3 -march=native $small
    sanitized gcc
  fi
  # Pointers formed beyond an array are found by clang's sanitizer alone.
  sanitized clang
  exit 0
fi
for compiler in ${COMPILERS:-clang gcc}; do
  can "the matrix product's checks" $compiler -O3 || continue
  for level in -O0 -O3; do
    check $compiler -std=c11 $level -march=native
    check $compiler -std=c11 $level -march=native -DDSC_NO_VECTORS
    if [ "$(uname -m)" = x86_64 ]; then
      check $compiler -std=c11 $level -march=x86-64-v3 $avx2
      check $compiler -std=c11 $level -DDSC_QUIET
      check $compiler -std=c11 $level -mavx -DDSC_QUIET
    fi
  done
  as_cxx $compiler
  as_cxx $compiler -DDSC_NO_VECTORS
  sanitized $compiler
  check $compiler -std=c11 -O3 -march=native $small
done
