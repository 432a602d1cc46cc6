#!/bin/sh
# Builds the tests of the readers with clang and gcc, as C11 and C++17, without warnings, and runs them; under the address
# and undefined-behaviour sanitizers too, with the fuzz loop. Takes nothing (CASES: fuzz cases for each reader; PYTHON: a
# python with numpy and safetensors, to read back what was written). Needs clang or gcc, and zlib; a compiler without
# sanitizers is left out of that part.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/../tools.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Werror"
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

run_others() { # BUILD: how to compile
  for program in checkpoint course; do
    $1 "$here/$program.c" -o "$work/$program" -lz -lm
    "$work/$program" "$work/files"
  done
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
  can "the readers' checks" $compiler -include zlib.h -lz || continue
  # Every header stands alone, with zlib and without.
  for header in "$root"/Runtime/include/*.h; do
    case $header in *_body.h) continue ;; esac # an include template
    printf '#define _POSIX_C_SOURCE 200809L\n#include "%s"\ntypedef int nothing;\n' "${header##*/}" > "$work/alone.c"
    $compiler -std=c11 -O1 $common -march=native -c "$work/alone.c" -o "$work/alone.o"
    $compiler -std=c11 -O1 $common -march=native -DDSC_HAVE_ZLIB=0 -c "$work/alone.c" -o "$work/alone.o"
  done
  for language in "c -std=c11" "c++ -std=c++17"; do
    can "C++" $compiler -x $language || continue
    echo "$compiler $language"
    $compiler -x $language -O2 $common "$here/check.c" -o "$work/check" -lz -lm
    run_check "$work/check"
    run_others "$compiler -x $language -O2 $common"
    run_replace $compiler -x $language -O2
  done
  sanitizes $compiler || continue
  echo "$compiler sanitizers"
  build="$compiler -std=c11 -g -O1 $sanitizers $common"
  # A window of 16 bytes and blocks of few rows put their borders everywhere in a table; what is read must not depend on it.
  small="-DDSC_CSV_PIECE=16 -DDSC_CSV_BLOCK_BYTES=64"
  for window in "$small" ""; do
    $build $window "$here/fuzz.c" -o "$work/fuzz" -lz -lm
    "$work/fuzz" "${CASES:-20000}" > "$work/fuzz.${#window}"
  done
  cat "$work/fuzz.0"
  cmp "$work/fuzz.0" "$work/fuzz.${#small}"
  $build $small "$here/check.c" -o "$work/check" -lz -lm
  run_check "$work/check"
  run_others "$build"
  run_replace $compiler -std=c11 -g -O1 $sanitizers
done
if ${PYTHON:-python3} -c 'import numpy, safetensors' 2>/dev/null; then
  ${PYTHON:-python3} "$here/fixtures.py" verify "$work/files"
else
  echo "no numpy and safetensors for ${PYTHON:-python3}: what was written is not read back by them"
fi
