#!/usr/bin/env bash
# Takes the report of a finished run. Whoever opened the pull request decided what is in the artifact, and how their
# branch is called; what GitHub says of the run they did not.
# shellcheck disable=SC2016 # names are quoted for people
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/../mastery/common.sh"

most_packed=$((16 * 1024 * 1024))
most_unpacked=$((32 * 1024 * 1024))
api=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY
temporary=$(mktemp -d "$RUNNER_TEMP/mastery-receive.XXXXXX")

# Nothing to do, which is no failure.
nothing() {
    printf '::notice title=mastery::%s\n' "$1"
    exit 0
}

# Asks GitHub; further arguments are curl's.
ask() {
    curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 --max-time 300 \
        --header @<(printf 'Authorization: Bearer %s' "$TOKEN") \
        --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
        "$@" || fail 'GitHub did not answer as it should'
}

run=$(jq --raw-output .workflow_run.id "$GITHUB_EVENT_PATH")
sha=$(jq --raw-output .workflow_run.head_sha "$GITHUB_EVENT_PATH")
[[ $run =~ ^[0-9]+$ && $sha =~ ^[0-9a-f]{40,64}$ ]] || fail 'this is for runs that follow another (`workflow_run`)'

# `pull_requests` of the event is empty for forks, and a number in the artifact could be anybody's. The branch and the
# commit are the run's own.
ask --get "$api/pulls" --data state=open --data per_page=100 \
    --data-urlencode "head=$(jq --raw-output '
        .workflow_run | .head_repository.owner.login + ":" + .head_branch' "$GITHUB_EVENT_PATH")" \
    --output "$temporary/pulls.json"
number=$(jq --raw-output --slurpfile event "$GITHUB_EVENT_PATH" --arg here "$GITHUB_REPOSITORY" '
    $event[0].workflow_run as $run
    | map(select(.head.sha == $run.head_sha and .head.repo.full_name == $run.head_repository.full_name
        and .base.repo.full_name == $here))
    | if length > 1 then "several" else first | .number // empty end' "$temporary/pulls.json")
[[ -n $number ]] || nothing 'no open pull request has this commit any more'
[[ $number != several ]] || nothing 'several open pull requests have this commit, and the report is of one of them'
[[ $number =~ ^[1-9][0-9]{0,9}$ ]] || fail 'GitHub gave a pull request no number'

# Of a run that was repeated the newest.
ask --get "$api/actions/runs/$run/artifacts" --data per_page=100 --data-urlencode "name=$INPUT_ARTIFACT" \
    --output "$temporary/artifacts.json"
read -r artifact size < <(jq --raw-output --arg name "$INPUT_ARTIFACT" '
    [.artifacts[] | select(.name == $name and (.expired | not))] | max_by(.id) // empty
    | "\(.id) \(.size_in_bytes)"' "$temporary/artifacts.json") || true
[[ -n ${artifact-} ]] || nothing 'the run left no report: nothing that it is about has changed'
[[ $artifact =~ ^[0-9]+$ && $size =~ ^[0-9]+$ ]] || fail 'GitHub gave an artifact no number'
((size <= most_packed)) || fail "the report takes $size bytes packed; at most $most_packed are taken"
ask --max-filesize "$most_packed" --output "$temporary/artifact.zip" "$api/actions/artifacts/$artifact/zip"

# No path of the archive is followed: the one entry of that name is written to a file that this script names.
# `unzip` is ended as soon as more comes than is taken.
{ unzip -p "$temporary/artifact.zip" report.json || true; } | head -c "$((most_unpacked + 1))" >"$temporary/report.json"
size=$(wc -c <"$temporary/report.json")
((size > 0)) || fail 'there is no `report.json` in the artifact'
((size <= most_unpacked)) || fail "the report takes more than $most_unpacked bytes"

output report "$temporary/report.json"
output pull-request "$number"
output head-sha "$sha"
