# The builds that Tests/compilers/run.sh tries: compilers at hand, and their flags. Sourced; takes nothing, gives functions
# that print a build a line.

strict="-std=c11 -ffp-contract=off -fno-math-errno -fno-trapping-math -DDSC_QUIET"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Werror"
zlib=-lz
emulator=
native=-march=native
plain= avx2=
if [ "$(uname -m)" = x86_64 ]; then plain=-march=x86-64 avx2=-march=x86-64-v3; fi

works() { echo 'int main(void) { return 0; }' | "$@" -x c -o "$work/works" - 2>/dev/null; }

# Every gcc and clang of the system, each version once.
compilers() {
  [ -z "${COMPILERS:-}" ] || { printf "%s\n" $COMPILERS; return; }
  local seen= name version
  for name in gcc gcc-{9..16} /usr/bin/clang clang clang-{13..22}; do
    command -v "$name" >/dev/null 2>&1 || continue
    version=$("$name" --version | head -n 1 | sed 's/^[a-z]*-*[0-9]* //')
    case $seen in *"$version"*) continue ;; esac
    seen="$seen|$version"
    works "$name" && echo "$name"
  done
}
first_of() { compilers | grep -m 1 "$1"; }

# The class of bits of a build: fused or apart.
class_of() {
  printf '#include "descent_base.h"\nclass DSC_FUSED\n' >"$work/class.c"
  # shellcheck disable=SC2086
  case $($1 $strict "-I$include" -E -P "$work/class.c" 2>"$work/log" | tail -n 1) in
  *1) echo fused ;;
  *0) echo apart ;;
  *) cat "$work/log"; return 1 ;;
  esac
}

# Whether a program starts here, on this processor; 132 is the shell's number for an illegal instruction.
started() {
  ${emulator:-} "$@" >/dev/null 2>&1
  [ $? != 132 ]
}

openmp_of() { if works $1 -fopenmp; then echo -fopenmp; else said "left out: $1 cannot link OpenMP" >&2; fi; }

sets="x86-64 x86-64-v2 x86-64-v3 x86-64-v4 native haswell skylake znver3"
[ "$(uname -m)" = x86_64 ] || sets=native

# builds COMPILER TRAINER: for digits every level by every instruction set, with OpenMP too at -O3; for the larger ones every
# set at -O3, OpenMP and the other levels with one.
builds() {
  local openmp level set
  openmp=$(openmp_of "$1")
  for set in $sets; do
    for level in -O0 -O1 -O2 -O3; do
      case $2.$level.$set in digits.* | *.-O3.* | *.native | *.x86-64-v3) echo "$level -march=$set" ;; esac
      case $2.$level.$set in digits.-O3.* | *.-O3.native) [ -z "$openmp" ] || echo "$level -march=$set $openmp" ;; esac
    done
  done
  [ "$(uname -m)" != x86_64 ] || printf '%s -DDSC_EXACT_FMA\n' "-O0 -march=x86-64" "-O3 -march=x86-64" "-O3 -march=x86-64-v2"
  echo "-O3 -march=native -DDSC_NO_VECTORS"
}

choice_builds() {
  local set
  for set in $sets; do
    case $set in native) printf '%s -march=native\n' -O0 -O1 -O2 -O3 ;; x86-64 | *v3 | *v4) echo "-O3 -march=$set" ;; esac
  done
}

# emulated TARGET: whether a cross compiler and an emulator for it are there; sets both.
emulated() {
  local triple
  case $1 in aarch64) triple=aarch64-linux-gnu ;; arm) triple=arm-linux-gnueabihf ;; riscv64) triple=riscv64-linux-gnu ;; esac
  if command -v "$triple-gcc" >/dev/null && command -v "qemu-$1" >/dev/null; then
    emulator="qemu-$1 -L /usr/$triple"
  else
    echo "left out: $1, as $triple-gcc or qemu-$1 is missing (packages gcc-$triple and qemu-user)"
    return 1
  fi
}

target_builds() {
  case $1 in
  aarch64) printf 'aarch64-linux-gnu-gcc %s\n' -O0 -O3 "-O3 -DDSC_NO_VECTORS" ;;
  arm)
    # Without and with the fused multiply-add of VFPv4: the two classes.
    printf 'arm-linux-gnueabihf-gcc %s\n' -O0 -O3 "-O3 -mfpu=neon-vfpv4" "-O0 -mfpu=vfpv4" "-O3 -DDSC_EXACT_FMA"
    ;;
  riscv64) printf 'riscv64-linux-gnu-gcc %s\n' -O0 -O3 ;;
  esac
}
