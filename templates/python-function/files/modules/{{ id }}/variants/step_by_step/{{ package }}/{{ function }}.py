    # mastery:begin {{ id }}
    if size <= 0:
        raise ValueError(f"no part has {size} items")
    parts = []
    start = 0
    while start < len(items):
        parts.append(items[start : start + size])
        start += size
    return parts
    # mastery:end {{ id }}
