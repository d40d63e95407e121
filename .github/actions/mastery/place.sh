#!/usr/bin/env bash
# Where the program and its caches belong, and the keys under which they are kept.
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/common.sh"

version=${INPUT_VERSION#v}
if [[ $version == source ]]; then
    # The action's own checkout, or the archive of it that GitHub unpacked: there may be no `.git`.
    root=$GITHUB_ACTION_PATH/../../..
    build=$(cd "$root" && { find Cargo.toml Cargo.lock build.rs .cargo src templates schemas -type f -print0 2>/dev/null || true; } |
        LC_ALL=C sort -z | digests | sha256)
    build=source-${build:0:20}
elif [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
    build=$version
else
    fail "\`version\` is \`source\` or a version such as \`0.1.0\`, not \`$INPUT_VERSION\`"
fi
machine=$RUNNER_OS-${ImageOS-}-$RUNNER_ARCH

output tool "$RUNNER_TOOL_CACHE/mastery/$build/$RUNNER_ARCH"
output tool-key "mastery-tool-$machine-$build"

# Asked for before other actions run: what GitHub says of the action's repository is theirs afterwards.
release=$GITHUB_SERVER_URL/${ACTION_REPOSITORY:-$GITHUB_REPOSITORY}/releases/download/v$version
output release-url "${INPUT_RELEASE_URL:-$release}"

# An environment's programs know where they lie, so that the place has to be the same every time.
output cache "${MASTERY_CACHE_DIR:-$HOME/.cache/mastery}"

# A cache is never changed, so that each run saves one of its own and begins with the latest.
shard=${INPUT_SHARD//\//-of-}
[[ $shard =~ ^[0-9of-]*$ ]] || fail "\`shard\` is of the form \`2/4\`, not \`$INPUT_SHARD\`"
output results-of-all "mastery-results-$machine-$build-"
output results-of-shard "mastery-results-$machine-$build-${shard:-all}-"
output results-key "mastery-results-$machine-$build-${shard:-all}-$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT"

# Each shard makes the environments of its own modules alone.
output environments-of-all "mastery-environments-$machine-${LOCKS:-none}-"
output environments-key "mastery-environments-$machine-${LOCKS:-none}-${shard:-all}"
