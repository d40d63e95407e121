    # mastery:begin gradient_clipping
    grads = [g for g in (p.grad for p in parameters) if g is not None]
    if not grads:
        return torch.zeros(())
    pieces = [g.flatten().to(torch.promote_types(g.dtype, torch.float32)) for g in grads]
    flat = torch.cat(pieces)
    norm = flat.norm()
    factor = torch.where(max_norm < norm, max_norm / (norm + eps), torch.ones_like(norm))
    for g in grads:
        g.copy_(g * factor)
    return norm
    # mastery:end gradient_clipping
