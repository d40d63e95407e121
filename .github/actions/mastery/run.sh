#!/usr/bin/env bash
# Runs mastery, and writes the reports. What it ended with is an output: the verdict comes once they are uploaded.
set -euo pipefail
# shellcheck source=.github/actions/mastery/common.sh
. "$GITHUB_ACTION_PATH/common.sh"
switch deny-warnings "$INPUT_DENY_WARNINGS"
switch annotations "$INPUT_ANNOTATIONS"
switch summary "$INPUT_SUMMARY"

runs_cases() { [[ $INPUT_COMMAND == verify || $INPUT_COMMAND == check ]]; }

arguments=("$INPUT_COMMAND")
files=()
# shellcheck disable=SC2153 # INPUT_SHARDS is no slip for INPUT_SHARD
case $INPUT_COMMAND in
    check | verify) arguments+=("--sandbox=$INPUT_SANDBOX" "--repeat=$INPUT_REPEAT") ;;
    lint | report) ;;
    plan) arguments+=("--shards=$INPUT_SHARDS" "--shard-seconds=$INPUT_SHARD_SECONDS") ;;
    *) fail "\`command\` is check, lint, verify, plan or report, not \`$INPUT_COMMAND\`" ;;
esac
if [[ $INPUT_DENY_WARNINGS == true ]]; then arguments+=(--deny=warnings); fi
if [[ -n $INPUT_SHARD ]]; then
    runs_cases || fail "\`shard\` is for verify and check, not for $INPUT_COMMAND"
    arguments+=("--shard=$INPUT_SHARD")
fi
if [[ -n $INPUT_CHANGED_SINCE ]]; then
    runs_cases || [[ $INPUT_COMMAND == plan ]] || fail "\`changed-since\` is not for $INPUT_COMMAND"
    arguments+=("--changed-since=$INPUT_CHANGED_SINCE")
fi
if [[ $INPUT_COMMAND == report ]]; then
    split "$INPUT_REPORTS"
    for place in ${lines[@]+"${lines[@]}"}; do
        if [[ -d $place ]]; then
            while IFS= read -r -d '' file; do files+=("$file"); done \
                < <(find "$place" -type f -name report.json -print0 | LC_ALL=C sort -z)
        else
            files+=("$place")
        fi
    done
    [[ ${#files[@]} -gt 0 ]] || fail 'there is no report to merge'
    if [[ -f $INPUT_BASE_REPORT ]]; then arguments+=("--base=$INPUT_BASE_REPORT"); fi
else
    [[ -z $INPUT_BASE_REPORT ]] || fail "\`base-report\` is for report, not for $INPUT_COMMAND"
    split "$INPUT_PATHS"
    files=(${lines[@]+"${lines[@]}"})
fi

if [[ $INPUT_COMMAND == plan ]]; then
    code=0
    matrix=$(mastery "${arguments[@]}" -- ${files[@]+"${files[@]}"}) || code=$?
    output exit-code "$code"
    if [[ $code == 0 ]]; then
        output matrix "$matrix"
        if [[ $matrix == *'"shard"'* ]]; then output has-cases true; else output has-cases false; fi
    fi
    exit 0
fi

folder=$(mktemp -d "$RUNNER_TEMP/mastery-report.XXXXXX")
formats=(json=report.json sarif=report.sarif html=report.html markdown=summary.md comment=comment.md)
for format in "${formats[@]}"; do
    arguments+=(--output "${format%%=*}=$folder/${format#*=}")
done
annotations=$(mktemp -d "$RUNNER_TEMP/mastery-annotations.XXXXXX")/commands
if [[ $INPUT_ANNOTATIONS == true ]]; then arguments+=(--output "github=$annotations"); fi

# What is printed quotes the output of strangers' programs, which could look like commands.
code=0
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$token"
mastery "${arguments[@]}" -- ${files[@]+"${files[@]}"} || code=$?
printf '\n::%s::\n' "$token"
if [[ -f $annotations ]]; then cat "$annotations"; fi

# Nothing is said to be right of which no part was there. What could not be run has no report.
if [[ $code == 0 && $INPUT_EXPECT_CASES == true ]] && ! jq --exit-status '.cases | length > 0' "$folder/report.json" >/dev/null; then
    fail 'there are reports, and none of them is of the cases that were planned'
fi

output exit-code "$code"
output folder "$folder"
category=mastery${INPUT_SHARD:+-${INPUT_SHARD//\//-of-}}
output category "$category"
for format in "${formats[@]}"; do
    if [[ -s $folder/${format#*=} ]]; then output "${format%%=*}" "$folder/${format#*=}"; fi
done
if [[ $INPUT_SUMMARY == true && -s $folder/summary.md ]]; then
    cat "$folder/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
