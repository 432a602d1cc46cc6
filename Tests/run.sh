#!/usr/bin/env bash
# Runs every test: installs what they need where it may, builds once in release mode, then tests in Swift, in C, and of the
# programs end to end. Takes about twenty minutes on two cores from a clean clone.
set -euo pipefail
cd "$(dirname "$0")/.."

# need COMMAND PACKAGE: the command is there afterwards, or the run ends with a line that says what to install.
updated=
need() {
  if command -v "$1" >/dev/null 2>&1; then return; fi
  install_package "$2" || { echo "Tests/run.sh: $1 is missing; install the package $2" >&2; exit 1; }
}
install_package() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
  [ -n "$updated" ] || { apt-get update -qq >/dev/null && updated=1; } || return 1
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
}
command -v swift >/dev/null 2>&1 || { echo "Tests/run.sh: swift is missing; install Swift 6.1 or later" >&2; exit 1; }
need gcc gcc
need g++ g++
need make make
[ -x /usr/bin/clang ] || need /usr/bin/clang clang
[ -e /usr/include/zlib.h ] || install_package zlib1g-dev || { echo "Tests/run.sh: zlib.h is missing; install zlib1g-dev" >&2; exit 1; }
if ! echo 'int main(void){return 0;}' | /usr/bin/clang -fopenmp -x c -o /dev/null - 2>/dev/null; then
  install_package libomp-dev || { echo "Tests/run.sh: clang cannot link OpenMP; install libomp-dev" >&2; exit 1; }
fi
# The sanitizers' libraries are a package of each version of clang; the checks leave out a compiler that lacks them.
. Tests/tools.sh
for compiler in clang-14 clang-16 clang-19 /usr/bin/clang; do
  if command -v $compiler >/dev/null 2>&1 && ! links $compiler -fsanitize=address,undefined; then
    package="libclang-rt-$($compiler -dumpversion | cut -d. -f1)-dev"
    install_package "$package" || echo "Tests/run.sh: without the package $package $compiler is left out of the sanitizers' checks"
  fi
done
if ! command -v clang-format >/dev/null 2>&1; then
  install_package clang-format || echo "Tests/run.sh: without the package clang-format the form of the C is not looked at"
fi
if [ ! -d /usr/share/datasets/fashion-mnist ]; then
  install_package dataset-fashion-mnist || echo "Tests/run.sh: without the package dataset-fashion-mnist its tests are skipped"
fi

# The cache of this run is its own, so that every test builds what it tests, and at once as it will run.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DESCENT_CACHE="$work/cache" DESCENT_CHECK=graph DESCENT_BUILD=full

section() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
section "build"
swift build -c release --build-tests
section "C: vector maths and random numbers"
sh Tests/math/run.sh quick
section "C: matrix product"
sh Tests/gemm/run.sh quick
section "C: readers"
sh Tests/readers/run.sh
section "C: compilers"
bash Tests/compilers/run.sh quick
section "programs, end to end"
bash Tests/programs.sh
section "Swift"
swift test -c release --skip-build
section "done"
