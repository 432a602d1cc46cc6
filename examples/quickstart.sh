#!/usr/bin/env bash
# From a fresh Debian machine with Swift on it to a trained network and a standalone C trainer of it:
# installs clang, libomp-dev and the data set where they are missing and it may; builds in release mode; trains on Fashion-MNIST;
# compares interpreted and compiled training; emits the standalone trainer, builds it with the system's C compiler and runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/quickstart}
epochs=${EPOCHS:-3}

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
missing=()
command -v swift >/dev/null || { echo "quickstart: install Swift 6.1 or later first: swift.org/install" >&2; exit 1; }
/usr/bin/env clang --version >/dev/null 2>&1 && [ -x /usr/bin/clang ] || missing+=(clang)
echo 'int main(void){return 0;}' | /usr/bin/clang -fopenmp -x c -o /dev/null - 2>/dev/null || missing+=(libomp-dev)
[ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
command -v cc >/dev/null || missing+=(gcc)
command -v make >/dev/null || missing+=(make)
[ -d /usr/share/datasets/fashion-mnist ] || missing+=(dataset-fashion-mnist)
if [ ${#missing[@]} -gt 0 ]; then
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  if ! command -v apt-get >/dev/null || { [ -n "$sudo" ] && ! command -v sudo >/dev/null; }; then
    echo "quickstart: install these packages first: ${missing[*]}" >&2
    exit 1
  fi
  say "Installing ${missing[*]}"
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"
fi

say "Building Descent in release mode"
swift build -c release --product fashion-mnist
program=$(swift build -c release --show-bin-path)/fashion-mnist

say "Training on Fashion-MNIST, compiled to C"
mkdir -p "$output"
"$program" train --epochs "$epochs" --seed 1 --log "$output/training"

say "The same steps interpreted and compiled"
"$program" compare --steps 5

say "The standalone C trainer, built with the system's C compiler"
"$program" emit trainer --output "$output"
make -s -C "$output" CC=cc
(cd "$output" && ./trainer --epochs 1 --seed 1 --output parameters.safetensors)
echo
echo "The C is in $output/trainer.c, the parameters that it trained in $output/parameters.safetensors, and pictures of the first"
echo "training in $output/training."
