# The operating system: who we are, what it is, what is missing.

# command:package. A command that is there, from wherever, is not installed again.
HOST_PACKAGES=(crun:crun nft:nftables ip:iproute2 mmdebstrap:mmdebstrap mkfs.btrfs:btrfs-progs mkfs.ext4:e2fsprogs
  setpriv:util-linux losetup:mount tar:tar xz:xz-utils update-ca-certificates:ca-certificates)

# Taken where the archive has them; the platform says what it cannot offer without.
EXTRA_PACKAGES=(runsc:runsc)

MIN_FREE_GIB=5

need_root() {
  ((EUID == 0)) || fail "namespaces, mounts and firewall rules need root." "Run: sudo ./miosa $COMMAND"
}

os_name() { (. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-unknown}"); }
is_debian_12() { (. /etc/os-release 2>/dev/null && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]]); }

need_machine() {
  [[ $(uname -s) == Linux ]] || fail "MIOSA runs on Linux; this is $(uname -s)." "Use a Debian 12 machine."
  [[ $(uname -m) == x86_64 ]] || fail "the runtime binaries are for x86_64; this is $(uname -m)." "Use an x86_64 machine."
  need_space "$MIOSA_CACHE" --cache
  need_space "$MIOSA_DATA" --data
}

need_space() {
  local path=$1 free
  while [[ ! -d $path ]]; do path=$(dirname "$path"); done
  free=$(df --output=avail -k "$path" | tail -n 1)
  ((free >= MIN_FREE_GIB * 1024 * 1024)) ||
    fail "only $((free / 1024)) MiB are free for $1, and $MIN_FREE_GIB GiB are needed." "Free some space or choose another disk with $2."
}

APT_IS_FRESH=''
# need_packages <command:package...>
need_packages() {
  local pair missing=()
  for pair in "$@"; do
    type -P "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  ((${#missing[@]} == 0)) && return
  need_root
  is_debian_12 || fail "this is $(os_name), and the set-up knows the packages of Debian 12 only." "Install these yourself and run again: ${missing[*]}"
  if [[ -z $APT_IS_FRESH ]]; then
    step "reading the package lists" apt-get update -q || fail "the package archive did not answer." "Check the network and /etc/apt, then run again."
    APT_IS_FRESH=yes
  fi
  step "installing ${missing[*]} from Debian" env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}" ||
    fail "these packages could not be installed: ${missing[*]}." "Check the network and /etc/apt, then run again."
}

# want_packages <command:package...>: as need_packages, but what cannot be had is done without.
want_packages() {
  local pair
  for pair in "$@"; do
    type -P "${pair%%:*}" >/dev/null && continue
    ((EUID == 0)) && is_debian_12 || continue
    (need_packages "$pair") || say "going on without ${pair#*:}"
  done
}
