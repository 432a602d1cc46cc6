#!/usr/bin/env bash
# The figures of README.md's table of programs: each is trained as a user trains it, whole, and must reach what stands there.
# Longer than an ordinary test (about a quarter of an hour on two cores); Tests/programs.sh runs the same programs for few steps.
#
#   bash Tests/accuracy.sh [PROGRAM...]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. Tests/numbers.sh
swift build -c release >/dev/null || exit 1
bin=$(swift build -c release --show-bin-path) || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
chosen=" $* "

# reaches PROGRAM FIELD LOW HIGH OPTION...: the number of the line that ends a run lies between.
reaches() {
  local program=$1 name=$2 low=$3 high=$4
  shift 4
  [ "$chosen" = "  " ] || [[ "$chosen" = *" $program "* ]] || return 0
  "$bin/$program" train --json "$@" >run.jsonl 2>run.err || { echo "FAILED  $program $*: $(tail -n 1 run.err)"; failures=$((failures + 1)); return; }
  local reached
  reached=$(field run.jsonl "$name")
  if between "$low" "$reached" "$high"; then
    echo "ok      $program $*: $name $reached"
  else
    echo "FAILED  $program $*: $name $reached, not in $low...$high"
    failures=$((failures + 1))
  fi
}

reaches digits validation_accuracy 0.98 1
reaches fashion-mnist validation_accuracy 0.88 1
reaches fashion-cnn validation_accuracy 0.915 1
reaches resnet20 validation_accuracy 0.99 1
# Learnt by heart: batch normalisation in training and with running statistics alike.
reaches resnet20 validation_accuracy 1 1 --overfit 512 --epochs 25
reaches char-lstm validation_loss 0 1.70
reaches char-gpt validation_loss 0 1.96 --steps 2000
[ $failures = 0 ] || { echo "$failures figures were not reached"; exit 1; }
