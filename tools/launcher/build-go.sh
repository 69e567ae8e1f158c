#!/usr/bin/env bash
# build-go.sh <repository> <folder>: static binaries, reproducible (no paths, no build ids).
set -euo pipefail
repo=$1 folder=$2
[[ -f $folder/done ]] && exit 0
part=$folder.part
rm -rf "$part"
mkdir -p "$part"
export CGO_ENABLED=0
(cd "$repo/agent" && go build -trimpath -ldflags='-s -w -buildid=' -o "$part/agent" .)
(cd "$repo/apps/runner/launch" && go build -trimpath -ldflags='-s -w -buildid=' -o "$part/launch" .)
chmod 0755 "$part" "$part"/*
touch "$part/done"
rm -rf "$folder"
mv "$part" "$folder"
