# Output of the launcher.

say() { printf '  %s\n' "$*"; }

# fail <what happened> [<what to do>]
fail() {
  printf 'miosa: %s\n' "$*" >&2
  exit 1
}

# step <what and why> <command...>: one line, a sign of life every ten seconds, the command's last words when it fails.
step() {
  local what=$1 log ticker started=$SECONDS code=0
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/miosa-step.XXXXXX")
  printf '  %s …' "$what"
  tick &
  ticker=$!
  "$@" >"$log" 2>&1 </dev/null || code=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if ((code != 0)); then
    printf ' failed\n'
    tail -n 15 "$log" >&2
    rm -f "$log"
    return "$code"
  fi
  rm -f "$log"
  printf ' %d s\n' $((SECONDS - started))
}

# `read` with a time-out on a pipe nobody writes to: a sleep that leaves no process when it is killed.
tick() {
  local never passed=0
  exec {never}<> <(:)
  while :; do
    read -rt 10 -u "$never" || true
    passed=$((passed + 10))
    printf ' %d s…' "$passed"
  done
}
