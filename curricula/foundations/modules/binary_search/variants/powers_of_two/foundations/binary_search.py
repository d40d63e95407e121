# mastery:begin binary_search
    # Builds the number of smaller elements bit by bit, the highest bit first.
    size = len(values)
    smaller = 0
    step = 1 << size.bit_length()
    while step > 1:
        step //= 2
        if smaller + step <= size and values[smaller + step - 1] < target:
            smaller += step
    return smaller
# mastery:end binary_search
