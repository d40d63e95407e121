#!/usr/bin/env bash
# Keeps one comment of the pull request up to date: edits the one that is there, or else writes it.
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/common.sh"

marker='<!-- mastery: the gate -->'
[[ $INPUT_PULL_REQUEST =~ ^[1-9][0-9]{0,9}$ ]] || fail "\`pull-request\` is a number, not \`$INPUT_PULL_REQUEST\`"
comments=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues
temporary=$(mktemp -d "$RUNNER_TEMP/mastery-comment.XXXXXX")
trap 'rm -rf "$temporary"' EXIT

# Asks the API. The answer is in `$temporary/answer`, its status in `status`. The token is in no command line.
ask() {
    status=$(curl --silent --show-error --retry 3 --connect-timeout 20 --max-time 60 \
        --header @<(printf 'Authorization: Bearer %s' "$TOKEN") \
        --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
        --write-out '%{http_code}' --output "$temporary/answer" "$@") || fail 'GitHub could not be reached'
    if [[ $status == 403 || $status == 404 ]]; then
        echo '::warning title=mastery::the comment can not be written: the token may not, as in runs for forks (docs/ci.md)'
        exit 0
    fi
    [[ $status == 2?? ]] || fail "GitHub answered $status when the comment was to be written"
}

# `mastery` writes what fits; GitHub takes 65,536 characters.
jq --raw-input --slurp --arg marker "$marker" \
    --arg run "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID" '
    {body: ($marker + "\n" + .[:65000] + "\n[The run](" + $run + ")\n")}' <"$COMMENT" >"$temporary/body"

# The first of its own comments. Anybody can write the marker, so that the author counts as well.
found=
for ((page = 1; page <= 100; page++)); do
    ask --get --data per_page=100 --data "page=$page" "$comments/$INPUT_PULL_REQUEST/comments"
    found=$(jq --raw-output --arg marker "$marker" --arg author "$INPUT_COMMENT_AUTHOR" '
        map(select(.user.login == $author and .user.type == "Bot" and (.body | startswith($marker))))
        | first | .id // empty' "$temporary/answer")
    if [[ -n $found || $(jq length "$temporary/answer") -lt 100 ]]; then break; fi
done

if [[ -n $found ]]; then
    [[ $found =~ ^[0-9]+$ ]] || fail 'GitHub gave a comment no number'
    ask --request PATCH --data-binary @"$temporary/body" "$comments/comments/$found"
else
    ask --request POST --data-binary @"$temporary/body" "$comments/$INPUT_PULL_REQUEST/comments"
fi
