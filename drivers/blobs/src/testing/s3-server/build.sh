#!/usr/bin/env bash
# build.sh <repository> <file>: the S3 server of the tests (versitygw, Apache-2.0), in the version that go.mod names and go.sum proves.
set -euo pipefail
REPO=$1 file=$2
MIOSA_CACHE=${MIOSA_CACHE:-/var/cache/miosa}
for part in say system build; do
  # shellcheck source=/dev/null
  source "$REPO/tools/launcher/$part.sh"
done
need_go
export CGO_ENABLED=0
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p "$(dirname "$file")" "$MIOSA_CACHE/locks"
exec 9>"$MIOSA_CACHE/locks/s3-server"
flock 9
[[ -x $file ]] && exit 0
go build -mod=readonly -trimpath -ldflags='-s -w -buildid=' -o "$file.part" github.com/versity/versitygw/cmd/versitygw
mv "$file.part" "$file"
