# mastery:begin binary_search
    def search(start, stop):
        if start >= stop:
            return start
        centre = start + (stop - start) // 2
        if values[centre] < target:
            return search(centre + 1, stop)
        return search(start, centre)

    return search(0, len(values))
# mastery:end binary_search
