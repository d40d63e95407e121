#!/usr/bin/env bash
# Installs mastery to `$TOOL/bin`: the released program once its checksum is right, or what this commit builds.
# shellcheck disable=SC2016 # names are quoted for people
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/common.sh"

target() {
    case "$RUNNER_OS-$RUNNER_ARCH" in
        Linux-X64) echo x86_64-unknown-linux-gnu ;;
        Linux-ARM64) echo aarch64-unknown-linux-gnu ;;
        macOS-X64) echo x86_64-apple-darwin ;;
        macOS-ARM64) echo aarch64-apple-darwin ;;
        *) fail "there is no release for $RUNNER_OS on $RUNNER_ARCH; on Windows use WSL" ;;
    esac
}

# Fetches a file of the release. From https it is never led to anything else.
fetch() {
    local protocols='=https,http,file'
    if [[ $1 == https://* ]]; then protocols='=https'; fi
    curl --fail --silent --show-error --location --proto "$protocols" --retry 3 --connect-timeout 20 \
        --max-time 600 --max-filesize 209715200 --output "$2" "$1" || fail "\`$1\` could not be fetched"
}

# The checksum that the archive has to have: the one that the workflow names, or else that of the release.
expected() {
    local found=$INPUT_CHECKSUM
    if [[ -z $found ]]; then
        fetch "$url/SHA256SUMS" "$temporary/SHA256SUMS" >&2
        found=$(awk -v name="$1" '$2 == name || $2 == "*" name { print $1 }' "$temporary/SHA256SUMS")
    fi
    printf '%s' "$found" | tr 'A-F' 'a-f'
}

install_release() {
    local version=${INPUT_VERSION#v} archive name wanted seen
    name=mastery-$version-$(target)
    archive=$name.tar.gz
    url=${RELEASE_URL%/}
    wanted=$(expected "$archive")
    [[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail "there is no checksum of \`$archive\`; nothing was installed"
    fetch "$url/$archive" "$temporary/$archive"
    seen=$(sha256 <"$temporary/$archive")
    [[ $seen == "$wanted" ]] || fail "\`$archive\` has the checksum $seen, not $wanted; nothing was installed"
    tar -xzf "$temporary/$archive" -C "$temporary" "$name/mastery"
    place "$temporary/$name/mastery"
}

build() {
    command -v cargo >/dev/null || fail 'building from source needs Rust; `version` can name a release instead'
    cargo build --locked --release --bin mastery \
        --manifest-path "$GITHUB_ACTION_PATH/../../../Cargo.toml" --target-dir "$temporary/target"
    place "$temporary/target/release/mastery"
}

# Puts the program in its place, whole or not at all.
place() {
    [[ -f $1 && ! -L $1 ]] || fail "\`${1##*/}\` is no file"
    mkdir -p "$TOOL/bin"
    install -m 755 "$1" "$TOOL/bin/.mastery"
    mv -f "$TOOL/bin/.mastery" "$TOOL/bin/mastery"
}

temporary=$(mktemp -d "$RUNNER_TEMP/mastery-install.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
if [[ ! -x $TOOL/bin/mastery ]]; then
    if [[ $INPUT_VERSION == source ]]; then build; else install_release; fi
fi
"$TOOL/bin/mastery" --version
printf '%s\n' "$TOOL/bin" >>"$GITHUB_PATH"
