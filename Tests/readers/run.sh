#!/bin/sh
# Builds the tests of the readers with clang and gcc, as C11 and C++17, without warnings, and runs them; under the address
# and undefined-behaviour sanitizers too, with the fuzz loop. Takes nothing (CASES: fuzz cases for each reader; PYTHON: a
# python with numpy and safetensors, to read back what was written). Needs clang, gcc, zlib, libclang-rt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
common="-I$root/Runtime/include $warnings"

run_check() { # PROGRAM
  mkdir -p "$work/files"
  # A full disk needs a small filesystem of our own, where the machine lets us mount one.
  if [ "$(uname)" = Linux ] && unshare -rm true 2>/dev/null; then
    mkdir -p "$work/tiny"
    unshare -rm sh -c 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" "$3" "$4" "$1"' sh "$work/tiny" "$1" "$work/files" "$here/fixtures"
  else
    "$1" "$work/files" "$here/fixtures"
  fi
}

run_replace() { # COMPILER FLAGS...
  rm -rf "$work/places"
  mkdir "$work/places"
  chmod 711 "$work"
  chmod 777 "$work/places"
  "$@" $common "$here/replace.c" -o "$work/replace" -lz -lm
  "$work/replace" "$work/places"
}

for compiler in clang gcc; do
  command -v $compiler >/dev/null || { echo "no $compiler: skipped"; continue; }
  # Every header stands alone, with zlib and without.
  for header in "$root"/Runtime/include/*.h; do
    printf '#define _POSIX_C_SOURCE 200809L\n#include "%s"\ntypedef int nothing;\n' "${header##*/}" > "$work/alone.c"
    $compiler -std=c11 -O1 $common -march=native -c "$work/alone.c" -o "$work/alone.o"
    $compiler -std=c11 -O1 $common -march=native -DDSC_HAVE_ZLIB=0 -c "$work/alone.c" -o "$work/alone.o"
  done
  for language in "c -std=c11" "c++ -std=c++17"; do
    echo "$compiler $language"
    $compiler -x $language -O2 $common "$here/check.c" -o "$work/check" -lz -lm
    run_check "$work/check"
    run_replace $compiler -x $language -O2
  done
  echo "$compiler sanitizers"
  sanitizers="-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
  $compiler -std=c11 $sanitizers $common "$here/check.c" -o "$work/check" -lz -lm
  run_check "$work/check"
  run_replace $compiler -std=c11 $sanitizers
  $compiler -std=c11 $sanitizers $common "$here/fuzz.c" -o "$work/fuzz" -lz -lm
  "$work/fuzz" "${CASES:-20000}"
done
if ${PYTHON:-python3} -c 'import numpy, safetensors' 2>/dev/null; then
  ${PYTHON:-python3} "$here/fixtures.py" verify "$work/files"
else
  echo "no numpy and safetensors for ${PYTHON:-python3}: what was written is not read back by them"
fi
