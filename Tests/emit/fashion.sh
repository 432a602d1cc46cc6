#!/usr/bin/env bash
# Fashion-MNIST as standalone C: one epoch trained in process and by the emitted trainer, built by gcc and by clang, with and
# without OpenMP, gives the same checkpoint byte for byte; the emitted inference is right on the 10,000 test images as often as
# the validation says. Takes the path of the program `fashion-mnist`; needs the package dataset-fashion-mnist.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-$(swift build -c release --show-bin-path)/fashion-mnist}
data=/usr/share/datasets/fashion-mnist
[ -d $data ] || { echo "emit: without the package dataset-fashion-mnist this is skipped"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "emit: $1" >&2; exit 1; }
strict="-std=c11 -O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"

"$program" train --epochs 1 --seed 1 --checkpoint "$work/swift.checkpoint" > "$work/swift.txt"
"$program" emit trainer --seed 1 --output "$work/trainer"
"$program" emit inference --weights "$work/swift.checkpoint" --output "$work/inference" --prefix clothes

# The test images as text, a line for each, and their labels, a line for each.
gunzip -c $data/t10k-images-idx3-ubyte.gz | tail -c +17 | od -An -v -tu1 -w784 > "$work/images.txt"
gunzip -c $data/t10k-labels-idx1-ubyte.gz | tail -c +9 | od -An -v -tu1 -w1 > "$work/labels.txt"

for compiler in gcc clang; do
  command -v $compiler > /dev/null || { echo "emit: $compiler is missing and left out"; continue; }
  for openmp in "" -fopenmp; do
    $compiler $strict $warnings $openmp -o "$work/run" "$work/trainer/trainer.c" -lz -lm
    "$work/run" --epochs 1 --seed 1 --threads 2 --output "$work/parameters" --checkpoint "$work/c.checkpoint" > "$work/c.txt" 2> /dev/null
    cmp "$work/swift.checkpoint" "$work/c.checkpoint" || fail "$compiler $openmp trains to other bits"
    echo "$compiler $openmp: $(head -1 "$work/c.txt")"
  done
  $compiler $strict $warnings -c -o "$work/clothes.o" "$work/inference/clothes.c"
  if nm -u "$work/clothes.o" | grep -Ev ' (memcpy|memset|memmove)$'; then fail "clothes.o needs more than memory"; fi
  $compiler $strict $warnings -I"$work/inference" -o "$work/example" "$work/inference/example.c" "$work/clothes.o" -lm
  "$work/example" < "$work/images.txt" > "$work/predictions.$compiler"
  paste -d ' ' "$work/labels.txt" "$work/predictions.$compiler" | awk '
    { best = 2; for (i = 3; i <= NF; i++) if ($i > $best) best = i; if (best - 2 == $1) right++ }
    END { print right }' > "$work/right"
  right=$(cat "$work/right")
  said=$(sed -n 's/.*validation loss .* accuracy \([0-9.]*\) .*/\1/p' "$work/c.txt" | head -1)
  echo "$compiler: right on $right of 10000 test images, validation says $said"
  [ "$(awk -v a="$said" 'BEGIN { printf "%d", a * 10000 + 0.5 }')" = "$right" ] || fail "inference and validation differ"
done
if [ -e "$work/predictions.gcc" ] && [ -e "$work/predictions.clang" ]; then
  cmp "$work/predictions.gcc" "$work/predictions.clang" || fail "gcc and clang predict other bits"
fi
