#!/bin/sh
# Builds check.c for every compiler, instruction set, language and optimisation level at hand, and runs it.
# usage: Tests/gemm/run.sh [quick|full]; quick takes one build of each kind.
set -eu
mode=${1:-full}
case $mode in quick | full) ;; *) echo "usage: run.sh [quick|full]" >&2; exit 2 ;; esac
cd "$(dirname "$0")"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
check() {
  echo "$*"
  "$@" $warnings -I../../Runtime/include check.c -o "$build/check" -lm
  "$build/check"
}
avx2="-mno-avx512f"
if [ "$mode" = quick ]; then
  check clang -std=c11 -O3 -march=native
  check clang -std=c11 -O3 -march=native -DDSC_NO_VECTORS
  if [ "$(uname -m)" = x86_64 ]; then
    check clang -std=c11 -O3 -march=x86-64-v3 $avx2
    check gcc -std=c11 -O3 -DDSC_QUIET
  fi
  check gcc -std=c11 -O3 -march=native
  check gcc -x c++ -std=c++17 -O1 -march=native
  check gcc -std=c11 -O1 -g -march=native -fsanitize=address,undefined -fno-sanitize-recover=all
  check gcc -std=c11 -O3 -march=native -DDSC_GEMM_MC=48 -DDSC_GEMM_NC=64
  # Pointers formed beyond an array are found by clang's alone.
  if echo 'int main(void){return 0;}' | clang -fsanitize=undefined -x c -o "$build/probe" - 2>/dev/null; then
    check clang -std=c11 -O1 -g -march=native -fsanitize=undefined -fno-sanitize-recover=all
  else
    echo "left out: clang -fsanitize=undefined, as its libraries are missing"
  fi
  exit 0
fi
for compiler in ${COMPILERS:-clang gcc}; do
  for level in -O0 -O3; do
    check $compiler -std=c11 $level -march=native
    check $compiler -std=c11 $level -march=native -DDSC_NO_VECTORS
    if [ "$(uname -m)" = x86_64 ]; then
      check $compiler -std=c11 $level -march=x86-64-v3 $avx2
      check $compiler -std=c11 $level -DDSC_QUIET
      check $compiler -std=c11 $level -mavx -DDSC_QUIET
    fi
  done
  check $compiler -x c++ -std=c++17 -O1 -march=native
  check $compiler -x c++ -std=c++17 -O1 -march=native -DDSC_NO_VECTORS
  check $compiler -std=c11 -O1 -g -march=native -fsanitize=address,undefined -fno-sanitize-recover=all
  check $compiler -std=c11 -O3 -march=native -DDSC_GEMM_MC=48 -DDSC_GEMM_NC=64
done
