"""Cutting sequences into parts."""


def {{ function }}(items, size):
    """Return the items in lists of `size`, of which the last may be shorter."""
    # mastery:begin {{ id }}
    if size < 1:
        raise ValueError("a part holds at least one item")
    return [items[start : start + size] for start in range(0, len(items), size)]
    # mastery:stub {{ id }}
    # raise NotImplementedError("{{ function }}")
    # mastery:end {{ id }}
