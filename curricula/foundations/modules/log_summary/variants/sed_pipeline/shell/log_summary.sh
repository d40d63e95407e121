# mastery:begin log_summary
    tab=$(printf '\t')
    sed -n \
        -e "/^[ $tab]*\$/d" \
        -e 's/^[^"]*"[^"]*" *\([1-5]\)[0-9][0-9]$/\1xx/p' -e t \
        -e 's/^[^"]*"[^"]*" *\([1-5]\)[0-9][0-9] .*$/\1xx/p' -e t \
        -e 's/.*/malformed/p' |
        sort |
        uniq -c |
        while read -r number class; do
            echo "$class $number"
        done
# mastery:end log_summary
