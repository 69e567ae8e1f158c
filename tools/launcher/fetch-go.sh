#!/usr/bin/env bash
# fetch-go.sh <version> <folder>: the Go toolchain as the go command itself would fetch it (module golang.org/toolchain), with any older go.
set -euo pipefail
version=$1 folder=$2
[[ -x $folder/bin/go ]] && exit 0
work=$(mktemp -d "${TMPDIR:-/tmp}/miosa-go.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
unset GOROOT
export GOPATH=$work/gopath GOFLAGS=-modcacherw GOTOOLCHAIN=local GOCACHE=$work/cache
echo 'module fetch' >go.mod
go mod download "golang.org/toolchain@v0.0.1-go$version.linux-amd64"
unpacked=$(echo "$GOPATH"/pkg/mod/golang.org/toolchain@*)
# Module archives carry no modes.
chmod -R u+w "$unpacked"
chmod 0755 "$unpacked"/bin/* "$unpacked"/pkg/tool/linux_amd64/*
mkdir -p "$(dirname "$folder")"
rm -rf "$folder" "$folder.part"
cp -a "$unpacked" "$folder.part"
mv "$folder.part" "$folder"
