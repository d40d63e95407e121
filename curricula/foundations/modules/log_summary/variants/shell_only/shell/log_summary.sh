# mastery:begin log_summary
    one=0 two=0 three=0 four=0 five=0 malformed=0
    # `read` fails on a last line without a newline, and has read it all the same.
    while read -r line || [ -n "$line" ]; do
        [ -n "$line" ] || continue
        case $line in
            *\"*\"*) rest=${line#*\"*\"} ;;
            *) rest= ;;
        esac
        # Splitting into words is wanted, matching of file names is not.
        set -f
        # shellcheck disable=SC2086
        set -- $rest
        set +f
        case ${1-} in
            1[0-9][0-9]) one=$((one + 1)) ;;
            2[0-9][0-9]) two=$((two + 1)) ;;
            3[0-9][0-9]) three=$((three + 1)) ;;
            4[0-9][0-9]) four=$((four + 1)) ;;
            5[0-9][0-9]) five=$((five + 1)) ;;
            *) malformed=$((malformed + 1)) ;;
        esac
    done
    set -- 1xx "$one" 2xx "$two" 3xx "$three" 4xx "$four" 5xx "$five" malformed "$malformed"
    while [ $# -gt 0 ]; do
        if [ "$2" -gt 0 ]; then
            printf '%s %s\n' "$1" "$2"
        fi
        shift 2
    done
# mastery:end log_summary
