# shellcheck shell=bash
# What the scripts of the action share. Inputs come as variables, never as parts of a script.

# Ends the step; the text is shown above the log, and can't be taken for a command.
fail() {
    local text=${1//'%'/'%25'}
    text=${text//$'\r'/'%0D'}
    text=${text//$'\n'/'%0A'}
    printf '::error title=mastery::%s\n' "$text"
    exit 2
}

# Sets an output of the step. A value is one line: more could set other outputs.
output() {
    [[ $2 != *$'\n'* && $2 != *$'\r'* ]] || fail "the output \`$1\` has more than one line"
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# Fails unless an input is `true` or `false`.
switch() {
    [[ $2 == true || $2 == false ]] || fail "\`$1\` is \`true\` or \`false\`, not \`$2\`"
}

# SHA-256 of standard input.
sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# The name and SHA-256 of each file whose name comes in, ended by a zero byte.
digests() {
    if command -v sha256sum >/dev/null; then xargs -0 sha256sum --; else xargs -0 shasum -a 256 --; fi
}

# The lines of a text that are not empty, into the array `lines`.
split() {
    lines=()
    local line
    while IFS= read -r line; do
        line=${line%$'\r'}
        if [[ -n ${line//[[:space:]]/} ]]; then lines+=("$line"); fi
    done <<<"$1"
}
