#!/usr/bin/env bash
# Times workloads by `bench` and appends a line for each to figures.csv: what a step of this commit takes on this machine.
# Takes bench's own arguments: workloads, --threads, --rounds. BENCH names another program than the release build's,
# FIGURES another file. Nothing is appended where bench fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
figures=${FIGURES:-Tests/bench/figures.csv}
bench=${BENCH:-$(swift build -c release --show-bin-path)/bench}
[ -x "$bench" ] || { echo "Tests/bench/record.sh: $bench is missing; run 'swift build -c release'" >&2; exit 1; }

# plain TEXT: as it may stand in a field.
plain() { tr -d '",\\\r\n' <<<"$1"; }
# of NAME LINE: what a line of bench's JSON says of it.
of() { sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p' <<<"$2"; }
model() {
  sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 | grep . ||
    sysctl -n machdep.cpu.brand_string 2>/dev/null || uname -m
}
commit=$(git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo none)
machine="$(plain "$(model)") ($(getconf _NPROCESSORS_ONLN) processors)"
lines=$("$bench" --json "$@")

[ -e "$figures" ] || echo 'date,commit,machine,compiler,threads,workload,microseconds' >"$figures"
while read -r line; do
  printf '%s,%s,%s,%s,%s,%s,%.1f\n' "$(date -u +%F)" "$commit" "$machine" "$(plain "$(of compiler "$line")")" \
    "$(of threads "$line")" "$(of workload "$line")" "$(of us_per_step_best "$line")" >>"$figures"
done <<<"$lines"
