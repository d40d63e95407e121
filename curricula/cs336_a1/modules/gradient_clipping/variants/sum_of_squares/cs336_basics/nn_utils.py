    # mastery:begin gradient_clipping
    parameters = [p for p in parameters if p.grad is not None]
    total = torch.zeros(())
    for p in parameters:
        wide = p.grad.double() if p.grad.dtype == torch.float64 else p.grad.float()
        total = total + wide.pow(2).sum()
    norm = torch.sqrt(total)
    if norm <= max_norm:
        return norm
    for p in parameters:
        p.grad *= max_norm / (norm.item() + eps)
    return norm
    # mastery:end gradient_clipping
