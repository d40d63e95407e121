#!/bin/sh
# Summarises the access log of a web server.
#
# Usage: sh shell/log_summary.sh <access.log

# Reads an access log on standard input and prints, for each class of status that occurs, a line
# with the class and the number of requests: "2xx 17". Lines without a status count as "malformed".
log_summary() {
    # mastery:begin log_summary
    awk -F '"' '
        /[^ \t]/ {
            split($3, words, " ")
            if (words[1] ~ /^[1-5][0-9][0-9]$/)
                print substr(words[1], 1, 1) "xx"
            else
                print "malformed"
        }
    ' | sort | uniq -c | awk '{ print $2, $1 }'
    # mastery:end log_summary
}

log_summary
