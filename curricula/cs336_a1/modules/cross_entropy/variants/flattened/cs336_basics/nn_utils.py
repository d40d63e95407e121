    # mastery:begin cross_entropy
    scores = logits.reshape(-1, logits.shape[-1])
    if scores.dtype in (torch.float16, torch.bfloat16):
        scores = scores.float()
    labels = targets.reshape(-1)
    log_totals = torch.logsumexp(scores, dim=1)
    log_likelihoods = scores[torch.arange(len(labels)), labels] - log_totals
    return -torch.mean(log_likelihoods)
    # mastery:end cross_entropy
