#!/usr/bin/env bash
# The programs of examples/, end to end, as a user runs them: trained, compared, resumed, interrupted, emitted as C, built by
# two compilers and under sanitizers, and given bad input. Wants the release build; prints a line for each thing that holds
# and exits 1 if one does not. What a machine cannot do (no data set, no gcc, no namespaces) is skipped with a line.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
. Tests/numbers.sh
. Tests/tools.sh
bin=$(swift build -c release --show-bin-path) || exit 1
for program in one-slide digits fashion-cnn resnet20 char-lstm char-gpt cake-eating brock-mirman hamilton-jacobi-bellman \
  black-scholes fashion-mnist perceptron universal-approximation families regularization bench; do
  [ -x "$bin/$program" ] || { echo "Tests/programs.sh: $bin/$program is missing; run 'swift build -c release'" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Made by this run alone, so that the first step of each program is one from a cold cache.
export DESCENT_CACHE="$work/cache" PATH="$bin:$PATH"
# A clang that comes with Swift has no OpenMP of its own; the system's has.
if ! echo 'int main(void){return 0;}' | clang -fopenmp -x c -o /dev/null - 2>/dev/null; then
  mkdir "$work/tools" && ln -s /usr/bin/clang "$work/tools/clang" && PATH="$work/tools:$PATH"
fi
unset DESCENT_CC DESCENT_THREADS DESCENT_DEBUG DESCENT_KEEP_C DESCENT_BUILD
cd "$work" || exit 1

failures=0
clothes=fashion-mnist
if [ ! -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
  clothes=
  echo "skipped: Fashion-MNIST, as the package dataset-fashion-mnist is not installed"
fi

section() { printf -- '-- %s (%s s)\n' "$1" "$SECONDS"; }
# holds WHAT COMMAND...: the command exits 0; what it prints is shown where it does not.
holds() {
  local what=$1
  shift
  if "$@" >holds.log 2>&1; then
    echo "ok      $what"
  else
    echo "FAILED  $what: $*"
    tail -n 20 holds.log | sed 's/^/        /'
    failures=$((failures + 1))
  fi
}
silent() { "$@" >silent.log 2>&1 && [ ! -s silent.log ] || { cat silent.log; return 1; }; }
strict='-std=c11 -ffp-contract=off -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual'

section "training"
holds "one-slide trains" one-slide train --json
cp holds.log slide.jsonl
holds "one-slide: validation error in 0.038...0.048" between 0.038 "$(field slide.jsonl validation_loss)" 0.048
holds "one-slide: the slide's own loop" one-slide slide --steps 100
holds "one-slide: first step within a second of a warm cache" eval \
  'one-slide train --epochs 1 --json >warm.jsonl && between 0 "$(field warm.jsonl first_step_s)" 1'
holds "digits trains" digits train --json
cp holds.log digits.jsonl
holds "digits: at least 96% of the held-out fifth" between 0.96 "$(field digits.jsonl validation_accuracy)" 1
holds "digits: every line is an object" eval '! grep -qv "^{\"event\":.*}$" digits.jsonl'
if [ "$clothes" ]; then
  holds "fashion-mnist trains" fashion-mnist train --epochs 2 --json
  cp holds.log clothes.jsonl
  holds "fashion-mnist: at least 84% after two epochs" between 0.84 "$(field clothes.jsonl validation_accuracy)" 1
fi
# Programs whose steps are too small to be shared out: two at a time, each with one thread, which gives the same bits.
lane() {
  local program
  for program in "$@"; do
    { $program train --threads 1 --json >$program.jsonl && $program compare --steps 3; } >$program.log 2>&1
    echo $? >$program.status
  done
}
deep() { universal-approximation train --part depth --steps 5000 --threads 1 --json >deep.jsonl; }
first="black-scholes cake-eating regularization"
second="brock-mirman hamilton-jacobi-bellman perceptron universal-approximation families"
lane $first &
{ lane $second; deep >deep.log 2>&1; echo $? >deep.status; } &
wait
for program in $first $second deep; do
  holds "$program trains, compiled as interpreted" eval "cat $program.log; [ \$(cat $program.status) = 0 ]"
done
# closed PROGRAM PATTERN: the number after PATTERN in what the program says of its closed form.
closed() { sed -n 's/.*"name":"closed form","text":"\(.*\)".*/\1/p' "$1.jsonl" | sed -n "s/.*$2 \([-0-9.e+]*\).*/\1/p"; }
holds "cake-eating: the value of the best rate, -382.701, within a thousandth" between -383.084 "$(closed cake-eating value)" -382.318
holds "cake-eating: the best rate within a thirtieth" between 0 "$(closed cake-eating '0.1 to 1:')" 0.001
holds "brock-mirman: policy within 5e-4" between 0 "$(closed brock-mirman 'policy error')" 0.0005
holds "brock-mirman: Euler residual within 1e-3" between 0 "$(closed brock-mirman 'Euler residual')" 0.001
holds "brock-mirman: by hand and by grad alike" between 0 "$(closed brock-mirman 'differ by')" 0.000001
holds "hamilton-jacobi-bellman: policy within 2%" between 0 "$(closed hamilton-jacobi-bellman 'of the policy')" 2
holds "black-scholes: within 0.1 of the formula" between 0 "$(closed black-scholes 'at most')" 0.1
holds "black-scholes: within 0.03 on average" between 0 "$(closed black-scholes 'mean')" 0.03
# said PROGRAM PATTERN: the number after PATTERN in the texts of a program.
said() { sed -n 's/.*"event":"text".*"text":"\(.*\)".*/\1/p' "$1.jsonl" | sed -n "s/^$2 *\([-0-9.e+]*\).*/\1/p"; }
holds "perceptron: at least 95% of the held-out digits" between 95 "$(said perceptron perceptron:)" 100
holds "perceptron: logistic regression, at least 96%" between 96 "$(said perceptron logistic:)" 100
sup() { said universal-approximation "width $1: sup |f - g| ="; }
holds "universal-approximation: within 0.5 at width 4" between 0.1 "$(sup 4)" 0.5
holds "universal-approximation: within 0.02 at width 64" between 0 "$(sup 64)" 0.02
holds "universal-approximation: within 0.002 at width 1024" between 0 "$(sup 1024)" 0.002
holds "universal-approximation: within 0.1 at width 2" between 0 "$(said deep 'width 2, 12 layers: sup |f - g| =')" 0.1
holds "universal-approximation: never within 0.5 at width 1" between 0.5 "$(said deep 'width 1, 12 layers: sup |f - g| =')" 2
# wrong FAMILY: the share of test points that it gets wrong, in percent.
wrong() { said families "$1 .* training,"; }
holds "families: polynomials, at most 8% wrong" between 0 "$(wrong polynomials)" 8
for family in "Chebyshev polynomials" "random Fourier features" "kernel machine" network "Gaussian process"; do
  holds "families: $family, at most 4% wrong" between 0 "$(wrong "$family")" 4
done
tested() { said regularization "$1 .* training,"; }
holds "regularization: overfits without" between 0.3 "$(tested none)" 10
for method in L1 L2 "elastic net" dropout "early stopping"; do
  holds "regularization: $method, test loss at most 0.2" between 0.09 "$(tested "$method")" 0.2
done
holds "regularization: L1 leaves few weights" between 90 "$(said regularization 'L1 .* test;')" 100
holds "char-gpt trains and writes" eval 'char-gpt train --steps 60 --write 50 --json >gpt.jsonl &&
  between 2.4 "$(field gpt.jsonl validation_loss)" 3.1 && grep -q "\"event\":\"text\"" gpt.jsonl'
holds "metrics and pictures go where --log says" eval 'digits train --epochs 2 --log logs &&
  [ "$(wc -l <logs/metrics.csv)" = 3 ] && [ "$(wc -l <logs/metrics.jsonl)" = 2 ] && [ -s logs/digits-loss.svg ]'

section "compiled and interpreted agree"
holds "one-slide" one-slide compare --steps 50
holds "digits" digits compare --steps 20
[ "$clothes" ] && holds "fashion-mnist" fashion-mnist compare --steps 5

section "same bits"
# steps PROGRAM: few enough to be quick, and no whole number of epochs.
steps() { case $1 in one-slide) echo 300 ;; digits) echo 100 ;; *) echo 60 ;; esac; }
threads_agree() {
  local n
  for n in 1 2 3 4 8; do
    "$1" train --steps "$(steps "$1")" --threads $n --checkpoint "$1.$n" || return 1
    cmp "$1.1" "$1.$n" || return 1
  done
}
resume_agrees() {
  local half=$(($(steps "$1") / 2))
  "$1" train --steps $half --checkpoint "$1.half" && cp "$1.half" "$1.kept" &&
    "$1" train --steps "$(steps "$1")" --resume "$1.kept" --checkpoint "$1.resumed" && cmp "$1.1" "$1.resumed"
}
every_agrees() { "$1" train --steps "$(steps "$1")" --checkpoint "$1.every" --every 7 && cmp "$1.1" "$1.every"; }
for program in one-slide digits $clothes; do
  holds "$program: 1, 2, 3, 4 and 8 threads" threads_agree $program
  holds "$program: resumed from a checkpoint" resume_agrees $program
  holds "$program: with checkpoints on the way" every_agrees $program
done

. "$root/Tests/interruptions.sh"

section "inspect and profile"
for program in one-slide digits $clothes; do
  for stage in graph backward schedule memory c dot; do
    holds "$program inspect $stage" eval "$program inspect $stage >$program.$stage && [ \$(wc -c <$program.$stage) -gt 100 ]"
  done
  cp $program.c inspected-$program.c
  holds "$program inspect c: no warning of gcc" silent gcc $strict -O1 -march=native -c -o inspected.o inspected-$program.c
done
holds "one-slide inspect c: C++17 as well" silent g++ -x c++ ${strict/c11/c++17} -O1 -march=native -c -o inspected.o inspected-one-slide.c
holds "one-slide profile" eval 'one-slide profile --steps 50 | grep -q "OneSlide.swift:"'

section "figures of the benchmark"
record() { FIGURES="$work/figures.csv" BENCH="$bin/bench" "$root/Tests/bench/record.sh" "$@"; }
recorded() {
  local row='[0-9-]{10},[^,]+,[^,]+ \([0-9]+ processors\),[^,]+,1,slide,[0-9]+\.[0-9]'
  record slide --rounds 1 --threads 1 && record slide --rounds 1 --threads 1 && cat figures.csv || return 1
  [ "$(wc -l <figures.csv)" = 3 ] && [ "$(grep -cxE "$row" figures.csv)" = 2 ]
}
holds "a line for each time a workload is recorded, under one heading" recorded
holds "nothing recorded of what fails" eval '! record bogus && [ "$(wc -l <figures.csv)" = 3 ]'

section "standalone trainers"
# build COMPILER OPENMP: trainer-COMPILER-OPENMP in the current folder, from trainer.c without a warning.
build() {
  local omp=
  [ "$2" = omp ] && omp=-fopenmp
  silent "$1" $strict -fno-math-errno -fno-trapping-math -O3 -march=native $omp -o "trainer-$1-$2" trainer.c -lz -lm
}
# The same checkpoint as in process, byte for byte, and the same parameters.
same_as_in_process() { "./trainer-$1-$2" --checkpoint out-$1-$2 --output parameters-$1-$2 && cmp out-$1-$2 ../in-process-$3; }
for program in one-slide $clothes; do
  holds "$program emit trainer" $program emit trainer --output trainer-$program --epochs 1 --seed 1
  $program train --epochs 1 --seed 1 --checkpoint in-process-$program >/dev/null
  cd trainer-$program || exit 1
  for compiler in clang gcc; do
    build $compiler omp >build-omp.log &
    pid=$!
    holds "$program by $compiler without OpenMP: no warning" build $compiler plain
    holds "$program by $compiler with OpenMP: no warning" eval "wait $pid || { cat build-omp.log; false; }"
    for omp in plain omp; do holds "$program by $compiler, $omp: same bits" same_as_in_process $compiler $omp $program; done
  done
  cd ..
done
# Few steps of larger networks, by one compiler.
few_agree() {
  "$1" emit trainer --output trainer-$1 --epochs 1 --seed 1 && "$1" train --steps 12 --seed 1 --checkpoint in-process-$1 && cd trainer-$1 &&
    build clang omp && ./trainer-clang-omp --steps 12 --checkpoint out && cmp out ../in-process-$1 && cp out ../$1.12
}
for program in digits char-lstm char-gpt resnet20 ${clothes:+fashion-cnn}; do
  holds "$program: the trainer in C gives the same bits" eval "(few_agree $program)"
done
# In another place, run from the root, under a rate and with a batch of its own; and without a path of this machine.
holds "digits emit trainer --batch" digits emit trainer --output trainer-batches --seed 1 --batch 32,64
(cd trainer-batches && build clang omp) >build-batches.log
mv trainer-batches "moved here"
moved_agrees() {
  digits train --steps 12 --seed 1 --checkpoint in-process-moved "$@" &&
    (cd / && "$work/moved here/trainer-clang-omp" --steps 12 --checkpoint "$work/moved" --output "$work/moved.p" "$@") && cmp moved in-process-moved
}
holds "digits: a trainer that was moved" moved_agrees
holds "digits: another batch of it" moved_agrees --batch 64
holds "digits: another learning rate" moved_agrees --lr 0.01 --batch 64
holds "digits: its own learning rate" eval 'moved_agrees --lr 0.002 && cmp moved digits.12'
holds "fashion-cnn: a schedule that is scaled" eval '[ ! "$clothes" ] || { fashion-cnn train --steps 3 --seed 1 --lr 0.01 --checkpoint scaled &&
  trainer-fashion-cnn/trainer-clang-omp --steps 3 --lr 0.01 --checkpoint scaled.c && cmp scaled scaled.c; }'
holds "no path of this machine in what is emitted" eval '! grep -rlF -e "$work" -e "$root" trainer-*/*.c trainer-*/*.md "moved here"/*.c "moved here"/*.md'
head -n 301 "$root/examples/data/digits.csv" >few.csv
holds "digits: 300 rows in place of 1,797" eval '"moved here/trainer-clang-omp" --data few.csv --epochs 2 --checkpoint few | tee few.log && grep -q "^epoch 2/2" few.log'
holds "digits: too few rows" eval 'head -n 30 few.csv >fewer.csv; ! "moved here/trainer-clang-omp" --data fewer.csv 2>few.err && grep -q "^trainer: fewer.csv: 23 rows are less than a batch of 32" few.err'
holds "one-slide: the Makefile builds" make -s -C trainer-one-slide CC=cc
holds "one-slide: a C trainer goes on from a checkpoint of the program" eval 'one-slide train --steps 500 --seed 1 --checkpoint half >half.log &&
  (cd trainer-one-slide && ./trainer --resume ../half --checkpoint resumed) && cmp trainer-one-slide/resumed in-process-one-slide'
holds "one-slide: a wrong option of a C trainer is status 64" eval '(cd trainer-one-slide && ./trainer --bogus 2>../bogus); [ $? = 64 ] && [ -s bogus ]'

section "sanitizers"
sanitize() {
  cd "trainer-$1" && gcc $strict -O1 -g -march=native -fopenmp $sanitizers -o trainer-sanitized trainer.c -lz -lm
}
sanitized="one-slide digits $clothes"
sanitizes gcc || sanitized=
for program in $sanitized; do (sanitize $program) >sanitize-$program.log 2>&1 & done
wait
for program in $sanitized; do
  count=50
  [ $program = fashion-mnist ] && count=5
  holds "$program under ASan and UBSan" eval "cat sanitize-$program.log; cd trainer-$program &&
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ./trainer-sanitized --steps $count --threads 2 --output sanitized --checkpoint sanitized.checkpoint"
  cd "$work" || exit 1
done

section "inference"
# A program around the emitted code that counts right answers on the test images.
cat >count.c <<'C'
#include "descent.h"
#include <stdio.h>
static uint8_t image[descent_input_count];
static float scores[descent_output_count];
int main(int argc, char **argv) {
  if (argc != 3) return 2;
  FILE *images = fopen(argv[1], "rb"), *labels = fopen(argv[2], "rb");
  if (!images || !labels || fseek(images, 16, SEEK_SET) || fseek(labels, 8, SEEK_SET)) return 2;
  int right = 0, rows = 0;
  while (fread(image, 1, sizeof image, images) == sizeof image) {
    if (descent_predict(image, scores) != descent_ok) return 3;
    int best = 0;
    for (int i = 1; i < descent_output_count; i++) if (scores[i] > scores[best]) best = i;
    right += best == fgetc(labels);
    rows++;
  }
  printf("%d of %d\n", right, rows);
  return 0;
}
C
no_system() { ! nm -u "$1" | grep -E 'malloc|calloc|realloc|free|printf|puts|fopen|fwrite|stdout|stderr|exit|abort|omp|GOMP|kmpc'; }
if [ "$clothes" ]; then
  fashion-mnist train --epochs 1 --seed 1 --checkpoint weights --json >weights.jsonl
  holds "fashion-mnist emit inference" fashion-mnist emit inference --weights weights --output inference
  for f in images-idx3 labels-idx1; do gunzip -c /usr/share/datasets/fashion-mnist/t10k-$f-ubyte.gz >t10k-$f; done
  expected=$(awk -v a="$(field weights.jsonl validation_accuracy)" 'BEGIN { printf "%.0f of 10000", a * 10000 }')
  for compiler in clang gcc; do
    holds "inference by $compiler: no warning" silent $compiler $strict -O3 -march=native -c -o inference-$compiler.o inference/descent.c
    holds "inference by $compiler: no heap, no output" no_system inference-$compiler.o
    holds "inference by $compiler: right on $expected test images, as in process" eval "$compiler -std=c11 -O2 -Iinference -o count-$compiler count.c inference-$compiler.o -lm &&
      [ \"\$(./count-$compiler t10k-images-idx3 t10k-labels-idx1 | tee counted)\" = '$expected' ] || { cat counted; false; }"
  done
fi
holds "one-slide emit inference" one-slide emit inference --weights in-process-one-slide --output slide-inference --prefix slide
holds "one-slide inference: C++17 as well" silent g++ -x c++ ${strict/c11/c++17} -O1 -march=native -c -o slide.o slide-inference/slide.c
holds "one-slide: the example of its inference code" eval 'make -s -C slide-inference && ./slide-inference/example 2.5 | awk "{ exit !(\$1 > 1.5 && \$1 < 2.7) }"'
[ -z "$sanitized" ] || holds "one-slide inference under ASan and UBSan" eval 'gcc $strict -O1 -g -march=native $sanitizers \
  -o slide-sanitized slide-inference/example.c slide-inference/slide.c -lm && ./slide-sanitized 2.5'

section "bad input"
# fails STATUS COMMAND...: exits with that status and one line on the standard error that begins with 'error:'; with 64,
# the usage is shown as well.
fails() {
  local expected=$1 status
  shift
  "$@" >fails.out 2>fails.err
  status=$?
  cat fails.err
  [ $status = "$expected" ] || { echo "exit status $status, not $expected"; return 1; }
  if [ "$expected" = 64 ]; then
    grep -q '^Error: ' fails.err && grep -q '^Usage: ' fails.err
  else
    [ "$(wc -l <fails.err)" = 1 ] && grep -q '^error: ' fails.err
  fi
}
holds "unknown option" fails 64 one-slide train --bogus
holds "no epochs" fails 64 one-slide train --epochs 0
holds "both epochs and steps" fails 64 one-slide train --epochs 1 --steps 1
holds "no learning rate" fails 64 one-slide train --lr 0
holds "no batches" fails 64 one-slide emit trainer --output never --batch 32,,64
holds "unknown stage" fails 64 one-slide inspect bogus
holds "prefix that is no name" fails 64 one-slide emit trainer --output never --prefix 'a;b'
holds "missing data" fails 1 fashion-mnist train --data /nowhere
if [ "$clothes" ]; then
  mkdir short && cp /usr/share/datasets/fashion-mnist/*.gz short/ && chmod u+w short/*
  gunzip -c short/t10k-images-idx3-ubyte.gz >short/whole && head -c 100000 short/whole | gzip >short/t10k-images-idx3-ubyte.gz
  holds "IDX file that ends early" fails 1 fashion-mnist train --data short
  head -c 5000 /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz >short/train-images-idx3-ubyte.gz
  holds "gzip file that ends early" fails 1 fashion-mnist train --data short
  printf 'PK\003\004 no IDX' >short/train-images-idx3-ubyte.gz
  holds "wrong magic" fails 1 fashion-mnist train --data short
fi
holds "no compiler of that name" fails 1 env DESCENT_CC=/nowhere/cc one-slide train --steps 1
holds "compiler that fails" fails 1 env DESCENT_CC=/bin/false one-slide train --steps 1
holds "variable that is no number" fails 1 env DESCENT_THREADS=many one-slide train --steps 1
holds "cache that cannot be made" fails 1 env DESCENT_CACHE=/proc/nowhere one-slide train --steps 1
holds "checkpoint of another program" fails 1 digits train --resume in-process-one-slide
holds "checkpoint of another run" eval 'fails 1 digits train --seed 9 --resume digits.1 && grep -q "made with seed" fails.err'
holds "checkpoint of another run, taken anyway" digits train --seed 9 --resume digits.1 --resume-anyway --steps 110
cp digits.1 hurt && head -c 64 /dev/zero | dd of=hurt bs=64 seek=100 conv=notrunc 2>/dev/null
holds "damaged checkpoint" eval 'fails 1 digits train --resume hurt && grep -q "tensor .* is damaged" fails.err'
holds "damaged weights" eval 'fails 1 digits emit inference --weights hurt --output never && grep -q "is damaged" fails.err'
mkfifo pipe
for path in /nowhere/file . pipe /dev/full; do
  holds "checkpoint that cannot be written, before the first step: $path" eval "fails 1 timeout 60 digits train --checkpoint $path && [ ! -s fails.out ]"
done
holds "a pipe in place of a checkpoint" fails 1 timeout 60 digits train --resume pipe
holds "log that cannot be written" fails 1 digits train --epochs 1 --log /proc/nowhere
holds "output that cannot be written" fails 1 one-slide emit trainer --output /proc/nowhere
holds "output that is a file" eval 'touch taken; fails 1 one-slide emit trainer --output taken && [ ! -s taken ]'
holds "weights that are none" fails 1 one-slide emit inference --weights holds.log --output never
holds "standard output that is full" eval '[ ! -e /dev/full ] || { one-slide train --epochs 1 >/dev/full 2>full.err; [ $? = 1 ] && [ "$(wc -l <full.err)" = 1 ]; }'
holds "reader that goes away" eval 'one-slide train --json | head -n 1'
holds "nothing half-written" eval '[ ! -e never ] && [ -z "$(find . -name ".emitting*" -o -name "*.tmp" | head -n 1)" ]'
# A disk that fills up while C is written.
full_disk() {
  mkdir -p disk
  unshare -rm sh -c 'mount -t tmpfs -o size=64k tmpfs disk || exit 99
    one-slide emit trainer --output disk/out 2>disk.err
    [ $? = 1 ] && [ "$(wc -l <disk.err)" = 1 ] && grep -q "^error: " disk.err && [ -z "$(ls -A disk)" ]'
  local status=$?
  cat disk.err
  return $status
}
if unshare -rm sh -c 'mkdir -p probe && mount -t tmpfs -o size=64k tmpfs probe' 2>/dev/null; then
  holds "full disk while emitting" full_disk
else
  echo "skipped: full disk while emitting, as this user may not mount a small one"
fi

section "memory"
# Address space for the program, and not for its temporaries.
no_memory() {
  (ulimit -v "$1" && shift && ! "$@" >memory.out 2>memory.err)
  cat memory.err
  [ "$(wc -l <memory.err)" = 1 ] && grep -q "^[a-z]*: no memory for [0-9]* bytes" memory.err
}
holds "a run that does not fit" no_memory 400000 char-gpt train --steps 1 --threads 1
holds "a trainer that does not fit" no_memory 200000 trainer-char-gpt/trainer-clang-omp --steps 1 --threads 1 --output never

section "threads"
# What the environment says of OpenMP changes no bit and breaks nothing, in process and in a trainer by either compiler.
digits train --steps 20 --threads 1 --checkpoint threads.one >threads.log
slide_trainer() { (cd trainer-one-slide && env "$1" "./trainer-$2-omp" --steps 20 --threads 4 --checkpoint threads --output threads.p); }
slide_trainer A=B gcc >threads.log && mv trainer-one-slide/threads trainer-one-slide/threads.one
with() { env "$1" digits train --steps 20 --threads 4 --checkpoint threads.more && cmp threads.one threads.more; }
for setting in OMP_THREAD_LIMIT=1 OMP_THREAD_LIMIT=3 OMP_DYNAMIC=true OMP_NUM_THREADS=1 OMP_MAX_ACTIVE_LEVELS=0 OMP_PROC_BIND=true \
  OMP_STACKSIZE=1B OMP_STACKSIZE=16K KMP_STACKSIZE=1; do
  holds "$setting: same bits" with "$setting"
  for compiler in gcc clang; do
    case $setting in
    *STACKSIZE*) holds "$setting: a trainer by $compiler says so" eval "! slide_trainer $setting $compiler 2>threads.err; grep -q '^trainer: ${setting%=*} gives each thread' threads.err" ;;
    *) holds "$setting: same bits by $compiler" eval "slide_trainer $setting $compiler && cmp trainer-one-slide/threads trainer-one-slide/threads.one" ;;
    esac
  done
done
too_many() {
  DESCENT_THREADS=65536 digits train --steps 20 --json --checkpoint threads.more 2>threads.err >threads.jsonl || return 1
  cat threads.err
  cmp threads.one threads.more && [ "$(wc -l <threads.err)" = 1 ] && grep -q '^descent: DESCENT_THREADS is 65536' threads.err &&
    between 1 "$(sed -n 's/.*"threads":\([0-9]*\).*/\1/p' threads.jsonl)" "$(nproc --all)"
}
holds "DESCENT_THREADS beyond the processors: a line, and no more threads than processors" too_many
holds "OMP_NUM_THREADS beyond the processors: a line of the trainer's" eval '(cd trainer-one-slide && OMP_NUM_THREADS=65536 ./trainer-gcc-omp --steps 2 2>../threads.err) &&
  grep -q "^trainer: OMP_NUM_THREADS asks for 65536 threads" threads.err'
holds "1,025 threads" fails 64 digits train --threads 1025
holds "threads that cannot be made" fails 1 env OMP_STACKSIZE=1000000G digits train --threads 2
for compiler in gcc clang; do
  holds "threads that a trainer by $compiler cannot make" eval "! slide_trainer OMP_STACKSIZE=1000000G $compiler 2>threads.err; grep -q '^trainer: 4 threads are wanted and no more than 1 can be made' threads.err"
done
# A user who may have few processes; root may have any number.
few_processes() {
  rm -rf few && mkdir -m 777 few && chmod 755 "$work" && (cd trainer-one-slide && setpriv --reuid 54321 --regid 54321 --clear-groups \
    bash -c 'ulimit -u 30 && ./trainer-clang-omp --steps 2 --threads 2 --output ../few/p && ! ./trainer-clang-omp --steps 2 --threads 512 --output ../few/p 2>../few/err')
  grep '^trainer: 512 threads are wanted and no more than [0-9]* can be made' few/err
}
if setpriv --reuid 54321 --regid 54321 --clear-groups true 2>/dev/null; then
  holds "no more processes than ulimit -u allows" few_processes
else
  echo "skipped: ulimit -u, as this user cannot become another"
fi

section "what README.md tells a user to run"
# Every line of its bash blocks, in order, in one folder; the two scripts and the build aside.
mkdir readme && cd readme && ln -s "$root/examples" examples || exit 1
while read -r line; do
  case $line in bash\ * | swift\ build*) continue ;; esac
  holds "$line" eval "${line//.build\/release\//}"
done < <(sed -n '/^```bash$/,/^```$/{/^```/d;p}' "$root/README.md")
holds "the trainer's checkpoint is that of train" cmp trainer/c.checkpoint slide.checkpoint
cd "$work" || exit 1

if [ "$clothes" ]; then
  section "quick start"
  holds "examples/quickstart.sh" env EPOCHS=1 DESCENT_CACHE="$work/quick" bash "$root/examples/quickstart.sh" "$work/quickstart"
  holds "its trainer wrote parameters" [ -s quickstart/parameters.safetensors ]
  holds "its pictures" [ -s quickstart/training/fashion-mnist-loss.svg ]
fi

section "done"
if [ $failures -gt 0 ]; then echo "$failures checks failed"; exit 1; fi
