#!/usr/bin/env bash
# Packs the programs in a folder into an archive of another: pack.sh FROM INTO. TARGET and VERSION say which ones they are.
# The name and the place of `mastery` in it are what .github/actions/mastery/install.sh looks for.
set -euo pipefail
name=mastery-$VERSION-$TARGET
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
mkdir -p "$2" "$staging/$name"
for program in mastery mastery-learn; do install -m 755 "$1/$program" "$staging/$name/"; done
cp LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md "$staging/$name/"
tar -czf "$2/$name.tar.gz" -C "$staging" "$name"
