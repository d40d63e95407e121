#!/bin/sh
# Tests shell/log_summary.sh: runs it on small logs and compares what it prints.
#
# Usage, in the folder of the project: sh tests/run_log_summary.sh
# Prints a line for each case and writes reports/log_summary.xml. Status 0: all passed; 1: some did not.

LC_ALL=C
export LC_ALL
script=shell/log_summary.sh
report=reports/log_summary.xml
work=${TMPDIR:-/tmp}/log_summary.$$
mkdir -p reports && mkdir "$work" || exit 1
trap 'rm -rf "$work"' EXIT

# Prints the lines of a file as one, short and in plain characters.
in_one_line() {
    tr -cd '\11\12\40-\176' <"$1" |
        awk 'NR <= 12 { printf "%s%s", (NR > 1 ? " | " : ""), substr($0, 1, 80) } NR == 13 { printf " | ..." }'
}

escape_xml() {
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'
}

# check NAME [LINE...]: gives its standard input to the script, which must print exactly these lines.
check() {
    name=$1
    shift
    cat >"$work/input"
    : >"$work/expected"
    [ $# -eq 0 ] || printf '%s\n' "$@" >"$work/expected"
    sh "$script" <"$work/input" >"$work/output" 2>"$work/errors"
    status=$?
    # The x keeps line breaks at the end, which the shell would take off.
    if [ "$status" -eq 0 ] && [ "$(cat "$work/output"; echo x)" = "$(cat "$work/expected"; echo x)" ]; then
        printf 'passed  %s\n' "$name"
        printf '<testcase classname="log_summary" name="%s"/>\n' "$name" >>"$work/cases"
        return
    fi
    : >"$work/failed"
    {
        printf 'expected status 0 and [%s]\n' "$(in_one_line "$work/expected")"
        printf 'got status %s and [%s]\n' "$status" "$(in_one_line "$work/output")"
        [ ! -s "$work/errors" ] || printf 'standard error: %s\n' "$(in_one_line "$work/errors")"
    } >"$work/message"
    printf 'FAILED  %s\n' "$name"
    sed 's/^/        /' "$work/message"
    {
        printf '<testcase classname="log_summary" name="%s"><failure>' "$name"
        escape_xml <"$work/message"
        printf '</failure></testcase>\n'
    } >>"$work/cases"
}

# request STATUS [REQUEST]: prints a line of the log.
request() {
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "%s" %s 512\n' "${2-GET / HTTP/1.1}" "$1"
}

{ request 200; request 204; request 301; request 404; request 500; request 101; } |
    check each_class_has_a_line '1xx 1' '2xx 2' '3xx 1' '4xx 1' '5xx 1'

{ request 503; request 301; request 404; request 100; request 200; } |
    check classes_are_in_order '1xx 1' '2xx 1' '3xx 1' '4xx 1' '5xx 1'

{ request 200; request 404; request 201; request 404; request 200; request 403; request 200; } |
    check scattered_requests_of_a_class_are_one_line '2xx 4' '4xx 3'

{ request 404; request 404; request 404; request 200; } |
    check order_is_by_class_and_not_by_count '2xx 1' '4xx 3'

check empty_log_prints_nothing </dev/null

{ request 200; printf '\n   \n\t\n \t \n'; request 200; printf '\n'; } |
    check blank_lines_do_not_count '2xx 2'

printf '\n\n  \n' |
    check blank_log_prints_nothing

{ request 200; request 404; request 200 | tr -d '\n'; } |
    check last_line_counts_without_a_newline '2xx 2' '4xx 1'

request 302 | tr -d '\n' |
    check only_line_counts_without_a_newline '3xx 1'

{ request 404 'GET /annual report 2023.pdf HTTP/1.1'; request 404 'GET /a b c d e f'; request 200; } |
    check request_may_contain_spaces '2xx 1' '4xx 2'

{ request 404 'GET /a 200 300 500'; request 500 '200 200 200'; } |
    check request_may_contain_numbers '4xx 1' '5xx 1'

{ request 408 '-'; request 400 ''; request 405 'QUIT'; } |
    check request_may_be_short_or_empty '4xx 3'

{
    printf '192.0.2.7 - Ann Lee [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1" 201 5\n'
    printf '192.0.2.7 - 500 [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1" 201 404\n'
} | check user_may_contain_spaces_and_numbers '2xx 2'

{
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1" 200 5 "http://example.org/a 404 b" "Mozilla/5.0 (X11) 500 x"\n'
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1" 304 - "-" "-"\n'
} | check fields_behind_the_size_do_not_matter '2xx 1' '3xx 1'

{
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1" 200\n'
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1"   404   5\n'
} | check size_may_be_missing_and_spaces_may_be_many '2xx 1' '4xx 1'

{
    request 200
    printf 'server restarted\n-n\n200\n'
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] GET / HTTP/1.1 200 5\n'
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET /cut off 200 5\n'
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1"\n'
} | check lines_without_a_status_are_malformed '2xx 1' 'malformed 6'

{ request 404; request -; request 20; request 099; request 600; request 2x0; request OK; } |
    check status_has_three_digits_and_a_known_class '4xx 1' 'malformed 6'

{ request 404; request 200512; request 2004; } |
    check longer_number_is_no_status '4xx 1' 'malformed 2'

{
    request 200 'GET /100%s%d%n HTTP/1.1'
    request 200 'GET /* HTTP/1.1'
    # shellcheck disable=SC2016
    request 200 'GET /$HOME/`id`/$(id) HTTP/1.1'
    request 200 'GET /a\b\n\\[0-9]* HTTP/1.1'
    request 404 'GET /&;|<>#! HTTP/1.1'
} | check special_characters_are_ordinary '2xx 4' '4xx 1'

{
    printf '192.0.2.7 - - [12/Mar/2024:08:15:00 +0000] "GET / HTTP/1.1" 200 5 \\\n'
    request 404
} | check backslash_does_not_join_lines '2xx 1' '4xx 1'

awk 'BEGIN {
    for (i = 0; i < 3000; i++)
        printf "192.0.2.%d - - [12/Mar/2024:08:15:00 +0000] \"GET /%d HTTP/1.1\" %d %d\n", i % 250, i, 200 + 100 * (i % 4), i
}' | check long_log_is_counted_to_its_end '2xx 750' '3xx 750' '4xx 750' '5xx 750'

{
    printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="log_summary">\n'
    cat "$work/cases"
    printf '</testsuite></testsuites>\n'
} >"$report" || exit 1

[ ! -e "$work/failed" ]
