# Part of programs.sh: what a signal does while a program trains, while its compiler runs, and what exits leave behind.
section "interrupt"
# interrupted SIGNAL STATUS: the signal while it trains gives that status, the last line says so, and the checkpoint goes on.
interrupted() {
  rm -f stopped.jsonl
  digits train --epochs 100000 --seed 4 --checkpoint stopped --json >stopped.jsonl &
  local process=$! waited=0
  until grep -qs '"event":"epoch"' stopped.jsonl; do
    sleep 0.1
    waited=$((waited + 1))
    [ $waited -lt 300 ] || { kill -KILL $process; return 1; }
  done
  kill -$1 $process
  wait $process
  [ $? = $2 ] && [ "$(field stopped.jsonl interrupted)" = true ] || return 1
  local done_steps
  done_steps=$(field stopped.jsonl steps)
  digits train --seed 4 --resume stopped --steps $((done_steps + 10)) --checkpoint on --json >on.jsonl &&
    digits train --seed 4 --steps $((done_steps + 10)) --checkpoint whole --json >whole.jsonl && cmp on whole
}
holds "digits: Ctrl-C ends with status 130 and a checkpoint that goes on" interrupted INT 130
holds "digits: SIGTERM with status 143" interrupted TERM 143
holds "digits: SIGHUP with status 129" interrupted HUP 129
holds "digits: a reader that goes away leaves a checkpoint" eval 'digits train --epochs 100000 --checkpoint unread --json | head -n 1 &&
  digits train --resume unread --steps 1'
# What a killed run left goes with the next of the same checkpoint; what a living process writes stays.
swept() {
  true &
  wait $!
  touch .swept.$!-0.tmp .swept.$$-0.tmp && digits train --steps 1 --checkpoint swept && [ ! -e .swept.$!-0.tmp ] && rm .swept.$$-0.tmp
}
holds "digits: temporary files of killed runs are swept" swept

# A compiler that hangs, deaf to every polite signal, with a child that is as deaf.
cat >hangs <<'SH'
#!/bin/bash
case "$*" in
*$HANGS_AT*-shared*) ;;
*-shared*) exec clang "$@" ;;
*-dumpmachine*) exec clang "$@" ;;
*-fopenmp*) exit 1 ;;
*) echo "hangs 1.0"; exit ;;
esac
trap '' INT TERM HUP QUIT
(trap '' INT TERM HUP QUIT; exec sleep 600) &
echo $$ >>"$HANGS"
wait
SH
chmod +x hangs
# hung SIGNAL STATUS COMMAND...: the signal comes while the compiler hangs; the command ends at once with that status, no process
# of the compiler's group lives on, and the folder where it worked is gone.
hung() {
  local signal=$1 expected=$2 process status waited=0 group
  shift 2
  rm -rf hung-cache hung-started && mkdir hung-cache
  env --default-signal=INT,TERM,HUP,QUIT HANGS="$work/hung-started" HANGS_AT= DESCENT_CC="$work/hangs" DESCENT_CACHE="$work/hung-cache" \
    "$@" >hung.log 2>&1 &
  process=$!
  until [ -s hung-started ]; do
    sleep 0.1
    waited=$((waited + 1))
    [ $waited -lt 300 ] || { kill -KILL $process; cat hung.log; return 1; }
  done
  sleep 0.3
  kill -$signal $process
  waited=$SECONDS
  wait $process
  status=$?
  cat hung.log
  [ $status = "$expected" ] || { echo "exit status $status, not $expected"; return 1; }
  [ $((SECONDS - waited)) -le 3 ] || { echo "ended after $((SECONDS - waited)) s"; return 1; }
  ended
}
# What the compiler left: no folder, no process.
ended() {
  [ -z "$(ls -A hung-cache/building)" ] || { ls -A hung-cache/building; return 1; }
  sleep 0.2
  while read -r group; do
    ps -eo pgid=,stat= | awk -v group="$group" '$1 == group && $2 !~ /^Z/ { exit 1 }' || { echo "group $group lives on"; return 1; }
  done <hung-started
}
# A build at full effort beside the steps ends with the program.
beside() {
  rm -rf hung-cache hung-started && mkdir hung-cache
  HANGS="$work/hung-started" HANGS_AT=-O3 DESCENT_CC="$work/hangs" DESCENT_CACHE="$work/hung-cache" \
    digits train --epochs 100 && [ -s hung-started ] && ended
}
holds "digits: what is built beside the steps ends with the program" beside
holds "Ctrl-C while the compiler hangs: train" hung INT 130 one-slide train --steps 1
holds "Ctrl-C while the compiler hangs: compare" hung INT 130 one-slide compare --steps 1
holds "SIGTERM while the compiler hangs" hung TERM 143 one-slide train --steps 1
holds "SIGHUP while the compiler hangs" hung HUP 129 one-slide slide --steps 1
