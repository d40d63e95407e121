    # mastery:begin softmax
    # Bring `dim` to the end, make a matrix of it and work on its rows.
    moved = x.transpose(dim, -1)
    rows = moved.reshape(-1, moved.shape[-1])
    if rows.dtype in (torch.float16, torch.bfloat16):
        rows = rows.float()
    highest = torch.max(rows, dim=1, keepdim=True).values.detach()
    weights = torch.exp(rows - highest)
    totals = torch.sum(weights, dim=1, keepdim=True)
    result = (weights / totals).type(x.dtype)
    return result.reshape(moved.shape).transpose(dim, -1)
    # mastery:end softmax
