# What is made from the sources: dependencies, the Go programs, the base template. Each is named by the hash of what it is made from.

GO_VERSION=1.26.8

# A lock per thing, so that two launchers on one machine do not build the same twice.
locked() {
  local name=$1
  shift
  mkdir -p "$MIOSA_CACHE/locks"
  flock -o "$MIOSA_CACHE/locks/$name" "$@"
}

hash_of() { find "$@" -type f \( -name '*.go' -o -name 'go.*' \) ! -name '*_test.go' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16; }

need_dependencies() {
  local stamp=$REPO/node_modules/.miosa-installed want
  want=$(sha256sum "$REPO/package-lock.json" | cut -c1-64)
  [[ -f $stamp && $(<"$stamp") == "$want" ]] && return
  if ! "$NODE" "$REPO/tools/launcher/installed.ts" "$REPO"; then
    need_packages npm:npm
    cd "$REPO"
    # No package's own install scripts: what they would do, the platform does itself where it is needed.
    step "installing the dependencies of package-lock.json" locked npm npm ci --ignore-scripts --no-audit --no-fund ||
      fail "the dependencies could not be installed from the npm registry." "Check the network and npm's settings (npm ping), then run again."
  fi
  printf '%s' "$want" >"$stamp"
}

# Puts a Go that understands go.mod on PATH. Debian 12 has 1.19: enough to fetch the real one as a module, verified by the checksum database.
need_go() {
  export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPATH="${GOPATH:-$MIOSA_CACHE/gopath}" HOME="${HOME:-/root}"
  local found=$MIOSA_CACHE/go/$GO_VERSION
  if [[ ! -x $found/bin/go ]]; then
    [[ -x /usr/local/go/bin/go ]] && PATH="$PATH:/usr/local/go/bin"
    type -P go >/dev/null && newer_go "$(go env GOVERSION 2>/dev/null)" && return
    need_packages go:golang-go
    step "fetching Go $GO_VERSION as a module: the agent needs more than Debian's" locked go bash "$REPO/tools/launcher/fetch-go.sh" "$GO_VERSION" "$found" ||
      fail "Go $GO_VERSION could not be fetched from the module proxy." "Check the network (go env GOPROXY), or install Go $GO_VERSION yourself, then run again."
  fi
  export PATH="$found/bin:$PATH" GOROOT="$found"
}

newer_go() { [[ $(printf '%s\n%s\n' "$GO_VERSION" "${1#go}" | sort -V | head -n 1) == "${GO_VERSION}" || ${1#go} == "${GO_VERSION%.*}"* ]]; }

# <cache>/agent/<hash>/{agent,launch} and the link `current`.
need_go_programs() {
  local hash folder
  hash=$(hash_of "$REPO/agent" "$REPO/apps/runner/launch")
  folder=$MIOSA_CACHE/agent/$hash
  if [[ ! -f $folder/done ]]; then
    need_go
    step "building the in-sandbox agent and the runner's helper" locked agent bash "$REPO/tools/launcher/build-go.sh" "$REPO" "$folder" ||
      fail "the Go programs could not be built." "The compiler's words are above."
  fi
  [[ $(readlink "$MIOSA_CACHE/agent/current") == "$hash" ]] || ln -sfnT "$hash" "$MIOSA_CACHE/agent/current"
}

need_template() {
  locked "template-$1" "$NODE" "$REPO/templates/build.ts" "$1" "$MIOSA_CACHE" || exit 1
}
