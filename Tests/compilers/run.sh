#!/usr/bin/env bash
# The same bits from every compiler, level and instruction set at hand.
# usage: Tests/compilers/run.sh [quick|full|choices|trainers|processors]
#   quick       takes under a minute: two builds of choices.c, and seven of the trainer of digits
#   choices     choices.c by every compiler
#   trainers    five trainers by every compiler, level and instruction set, with OpenMP and without
#   processors  choices.c and two trainers for three other processors, under qemu-user
#   full        the last three: over an hour; ends in a table
# BIN names the folder of the programs (the release build's where it is not set), COMPILERS the compilers (all gcc and clang
# found), TRAINERS the trainers. Every build of one class (with a fused multiply-add, and without) must end with the same
# checkpoint, byte for byte, and gcc must have made no masked access (see choices.c). What a machine cannot build or run is
# left out with a line.
set -uo pipefail
mode=${1:-quick}
case $mode in
quick | full | choices | trainers | processors) ;;
*) echo "usage: run.sh [quick|full|choices|trainers|processors]" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
include=$root/Runtime/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/builds.sh"

bin=${BIN:-$(cd "$root" && swift build -c release --show-bin-path)} || exit 1
failures=0
# said LINE: once.
said() { grep -qxF "$1" "$work/said" 2>/dev/null || { echo "$1" | tee -a "$work/said"; }; }
fail() { echo "FAILED  $*"; failures=$((failures + 1)); }

# ---- choices.c: each build judges itself ----

choices() { # BUILD
  local name=${1//[^a-zA-Z0-9]/_}
  if ! $1 $strict $warnings "-I$include" "$here/choices.c" -o "$work/choices-$name" -lm >"$work/log" 2>&1; then
    fail "choices.c: $1 does not build it"
    head -n 20 "$work/log"
  elif ! started "$work/choices-$name"; then
    said "left out: this processor cannot run ${1#* }"
  elif ${emulator:-} "$work/choices-$name" >"$work/log"; then
    echo "ok      choices.c  $1: $(cat "$work/log")"
  else
    fail "choices.c: $1"
    cat "$work/log"
  fi
  rm -f "$work/choices-$name"
}

# ---- trainers: every build of a class ends with the same checkpoint ----

# train NAME BUILD ARGUMENTS... : a line "class hash" for the build of the emitted trainer in $work/NAME.
train() {
  local name=$1 build=$2 folder=$work/$1
  shift 2
  local class
  class=$(class_of "$build") || return 1
  (
    cd "$folder" || exit 1
    # shellcheck disable=SC2086
    $build $strict -w trainer.c -o trainer $zlib -lm >log 2>&1 || { tail -n 5 log; exit 1; }
    started ./trainer --help || exit 3
    rm -f checkpoint
    ${emulator:-} ./trainer "$@" --checkpoint checkpoint --output parameters >log 2>&1 || { tail -n 5 log; exit 1; }
    echo "$class $(sha256sum <checkpoint | cut -c1-16)"
  )
}

# same NAME BUILD ARGUMENTS...: trains and compares with what the first build of the class gave.
same() {
  local result status name=$1 build=$2
  result=$(train "$@")
  status=$?
  if [ $status = 3 ]; then
    said "left out: this processor cannot run ${build#* }"
    echo "$name left - $build" >>"$work/table"
    return
  fi
  if [ $status != 0 ]; then
    fail "$name by $build: $result"
    echo "$name failed - $build" >>"$work/table"
    return
  fi
  local class=${result% *} hash=${result#* }
  local reference=$work/$name.$class
  [ -e "$reference" ] || echo "$hash" >"$reference"
  if [ "$(cat "$reference")" = "$hash" ]; then
    echo "same    $name, class $class: $hash  $build"
    echo "$name same $class $build" >>"$work/table"
  else
    fail "$name, class $class, by $build: another checkpoint than the first build of the class"
    echo "$name differs $class $build" >>"$work/table"
  fi
}

# unmasked NAME BUILD: gcc made no access under a mask.
unmasked() {
  local count
  $2 $strict -w -fdump-tree-optimized="$work/dump" -c "$work/$1/trainer.c" -o "$work/dump.o" || { fail "$1 by $2"; return; }
  count=$(grep -cE 'MASK_(LOAD|STORE|GATHER|SCATTER)' "$work/dump")
  rm -f "$work/dump" "$work/dump.o"
  if [ "$count" = 0 ]; then echo "ok      $1: no masked access  $2"; else fail "$1 by $2: $count masked accesses"; fi
}

emit() { # NAME
  [ -x "$bin/$1" ] || { echo "Tests/compilers/run.sh: $bin/$1 is missing; run 'swift build -c release'" >&2; exit 1; }
  DESCENT_CACHE="$work/cache" "$bin/$1" emit trainer --output "$work/$1" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}
# steps NAME: few, as every build takes them, -O0 too.
steps() {
  case $1 in digits | one-slide) echo 20 ;; fashion-mnist) echo 4 ;; *) echo 2 ;; esac
}

has() { [ "$mode" = full ] || [ "$mode" = "$1" ]; }

if [ "$mode" = quick ]; then
  emit digits
  gcc=$(first_of gcc) clang=$(first_of clang)
  for build in ${gcc:+"$gcc -O3 $avx2"} ${clang:+"$clang -O1 $native"}; do choices "$build"; done
  [ -z "$gcc" ] || [ -z "$avx2" ] || unmasked digits "$gcc -O3 $avx2"
  for build in ${gcc:+"$gcc -O3 $avx2" "$gcc -O3 $native -fopenmp" "$gcc -O0 $native" "$gcc -O2 $plain -DDSC_EXACT_FMA"} \
    ${clang:+"$clang -O3 $avx2" "$clang -O3 $plain"} ${gcc:+"$gcc -O3 $plain"}; do
    same digits "$build" --steps "$(steps digits)" --threads 2
  done
fi
if has choices; then
  for compiler in $(compilers); do
    while read -r build; do choices "$compiler $build"; done < <(choice_builds)
  done
fi
if has trainers; then
  for trainer in ${TRAINERS:-digits one-slide fashion-mnist fashion-cnn char-lstm}; do
    case $trainer in
    fashion*)
      [ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ] ||
        { echo "left out: $trainer, as the package dataset-fashion-mnist is not installed"; continue; }
      ;;
    esac
    emit "$trainer"
    for compiler in $(compilers); do
      case $compiler in
      *gcc*) [ -z "$avx2" ] || for set in x86-64-v3 x86-64-v4 znver3; do unmasked "$trainer" "$compiler -O3 -march=$set"; done ;;
      esac
      while read -r build; do
        same "$trainer" "$compiler $build" --steps "$(steps "$trainer")" --threads 2
      done < <(builds "$compiler" "$trainer")
    done
  done
fi
if has processors; then
  # They need no zlib of their own, as these two trainers' data are plain files; this machine's builds begin each class.
  zlib=-DDSC_HAVE_ZLIB=0
  for trainer in digits one-slide; do
    emit "$trainer"
    for build in "$(first_of gcc) $native" "$(first_of gcc) $plain"; do same "$trainer" "$build" --steps "$(steps "$trainer")"; done
  done
  for target in aarch64 arm riscv64; do
    emulated "$target" || continue
    while read -r build; do
      choices "$build"
      for trainer in digits one-slide; do same "$trainer" "$build" --steps "$(steps "$trainer")" --threads 1; done
    done < <(target_builds "$target")
    emulator=
  done
fi
if [ -e "$work/table" ]; then
  echo
  { echo "trainer verdict class builds"; awk '{count[$1 " " $2 " " $3]++} END {for (k in count) print k, count[k]}' "$work/table" | sort; } | column -t
fi
[ $failures = 0 ] || { echo "compilers: $failures failures"; exit 1; }
echo "compilers: all builds of a class give the same bits"
