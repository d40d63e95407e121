#!/usr/bin/env bash
# Which part of the gate a change needs. It is decided in here and not by `paths` of the workflow: a required check
# of a workflow that does not run is waited for without end.
#
# Outputs: `scope`, one of `all`, `changed` (cases that differ from `base`) and `none`; `base`, a commit.
set -euo pipefail

scope=all
base=
if [[ $GITHUB_EVENT_NAME == pull_request ]]; then
    # What is checked out is the merge of the pull request into its base.
    base=$(git rev-parse --verify 'HEAD^1')
    scope=none
    # Into a file, so that this fails if git does.
    changed=$(mktemp "$RUNNER_TEMP/changed.XXXXXX")
    git diff --name-only --no-renames -z "$base" HEAD >"$changed"
    while IFS= read -r -d '' path; do
        case $path in
            # With the tool, what it says of any curriculum can change.
            src/* | templates/* | schemas/* | build.rs | Cargo.toml | Cargo.lock | .cargo/* | rust-toolchain*) scope=all ;;
            # It decides what files look like once they are checked out.
            .gitattributes) scope=all ;;
            .github/actions/* | .github/scripts/* | .github/workflows/curriculum.yml) scope=all ;;
            curricula/*) if [[ $scope == none ]]; then scope=changed; fi ;;
        esac
    done <"$changed"
fi
# What does not need the commit does not name it.
if [[ $scope != changed ]]; then since=; else since=$base; fi
printf 'scope=%s\nbase=%s\nsince=%s\n' "$scope" "$base" "$since" >>"$GITHUB_OUTPUT"
printf 'to be checked: %s\n' "$scope"
