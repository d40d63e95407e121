# mastery:begin binary_search
    first, count = 0, len(values)
    while count > 0:
        half = count // 2
        if target > values[first + half]:
            first = first + half + 1
            count = count - half - 1
        else:
            count = half
    return first
# mastery:end binary_search
