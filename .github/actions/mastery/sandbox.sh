#!/usr/bin/env bash
# Prepares the machine for the sandbox, and shows what it can enforce.
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/common.sh"
switch user-namespaces "$INPUT_USER_NAMESPACES"

# Ubuntu 24.04 refuses user namespaces to programs without a profile, and with them the mount namespace of a case.
# What cases may do does not grow by it: their system calls are filtered. A machine of one's own is left as it is.
restricted=kernel.apparmor_restrict_unprivileged_userns
if [[ $INPUT_USER_NAMESPACES == true && ${RUNNER_ENVIRONMENT-} == github-hosted &&
    $(sysctl -n "$restricted" 2>/dev/null || true) == 1 ]]; then
    sudo -n sysctl -q -w "$restricted=0" || echo 'user namespaces stay restricted'
fi
echo '::group::mastery doctor'
# Should it be too little, `--sandbox=require` says so.
mastery doctor || true
echo '::endgroup::'
