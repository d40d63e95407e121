# mastery:begin log_summary
    awk '
        NF == 0 { next }
        {
            kind = "malformed"
            if (match($0, /^[^"]*"[^"]*" +[1-5][0-9][0-9]( |$)/)) {
                head = substr($0, 1, RLENGTH)
                sub(/ $/, "", head)
                kind = substr(head, length(head) - 2, 1) "xx"
            }
            count[kind]++
        }
        END {
            split("1xx 2xx 3xx 4xx 5xx malformed", kinds)
            for (i = 1; i <= 6; i++)
                if (kinds[i] in count)
                    printf "%s %d\n", kinds[i], count[kinds[i]]
        }
    '
# mastery:end log_summary
