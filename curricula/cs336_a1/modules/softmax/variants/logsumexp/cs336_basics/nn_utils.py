    # mastery:begin softmax
    # In float64, for the difference of two large float32 numbers would lose their digits.
    wide = x.double()
    log_probabilities = wide - torch.logsumexp(wide, dim=dim, keepdim=True)
    return torch.exp(log_probabilities).to(dtype=x.dtype)
    # mastery:end softmax
