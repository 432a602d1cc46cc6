# What tests ask of the tools at hand: a tool that is missing, or lacks a part, is left out of a check by name, with a line.
# Sourced by sh and bash; takes nothing.

# links COMPILER FLAGS...: whether a program built with them links, and runs.
links() {
  links_folder=$(mktemp -d)
  echo 'int main(void) { return 0; }' >"$links_folder/main.c"
  "$@" "$links_folder/main.c" -o "$links_folder/main" >/dev/null 2>&1 && "$links_folder/main" >/dev/null 2>&1
  links_status=$?
  rm -rf "$links_folder"
  return $links_status
}

# can CHECK COMPILER FLAGS...: as links; where not, a line says that the compiler is left out of the check.
can() {
  can_check=$1
  shift
  command -v "$1" >/dev/null 2>&1 || { echo "left out of $can_check: $1, which is not installed"; return 1; }
  links "$@" || { echo "left out of $can_check: $1, which cannot link $(shift && echo "$*")"; return 1; }
}

sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=all"
# sanitizes COMPILER: whether it has the libraries of the address and undefined-behaviour sanitizers.
sanitizes() { can "the sanitizers' checks" "$1" -fsanitize=address,undefined; }
