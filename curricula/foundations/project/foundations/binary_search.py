"""Search in sorted sequences."""


def lower_bound(values, target):
    """Return the leftmost index at which `target` can be inserted so that `values` stays sorted.

    `values` is a sorted sequence. The result is the number of elements that are less than
    `target`: from 0 to `len(values)`.
    """
    # mastery:begin binary_search
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low
    # mastery:end binary_search
