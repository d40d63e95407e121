#!/usr/bin/env bash
# Ends as mastery did. What could not be run is never green.
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/common.sh"
switch allow-findings "$INPUT_ALLOW_FINDINGS"

if [[ $EXIT_CODE == 1 && $INPUT_ALLOW_FINDINGS == true ]]; then
    echo 'there are findings; a later job tells them'
    exit 0
fi
[[ $EXIT_CODE =~ ^[0-9]+$ ]] || fail 'mastery was not run'
if [[ $EXIT_CODE -gt 1 ]]; then
    # What mastery prints when it can't run is no annotation: it may quote strangers.
    echo "::error title=mastery::mastery ended with $EXIT_CODE: it could not do its work. The log of the steps before says why"
fi
exit "$EXIT_CODE"
