#!/usr/bin/env bash
# The version of Cargo.toml as the output `version`. Fails unless the tag is that version.
set -euo pipefail
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
if [[ $GITHUB_REF_NAME != "v$version" ]]; then
    echo "::error title=release::the tag is not \`v$version\`, the version of Cargo.toml"
    exit 1
fi
printf 'version=%s\n' "$version" >>"$GITHUB_OUTPUT"
