# What scripts ask of the numbers that programs print.

# field FILE NAME: a number in the line of JSON that ends a run.
field() { sed -n '/"event":"end"/s/.*"'"$2"'":\([^,}]*\).*/\1/p' "$1"; }
# between LOW NUMBER HIGH: the number is there, and no less and no more.
between() { awk -v low="$1" -v x="$2" -v high="$3" 'BEGIN { exit !(x != "" && x + 0 >= low && x + 0 <= high) }'; }
