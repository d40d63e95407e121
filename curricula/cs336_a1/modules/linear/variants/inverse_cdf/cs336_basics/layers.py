# mastery:begin linear


class Linear(nn.Module):
    """Draws its start values by sending uniform numbers through the inverse of the normal distribution."""

    def __init__(self, in_features, out_features, device=None, dtype=None):
        super().__init__()
        std = math.sqrt(2 / (in_features + out_features))
        area = math.erf(3 / math.sqrt(2))
        uniform = torch.empty(out_features, in_features, device=device).uniform_(-area, area)
        values = torch.erfinv(uniform) * math.sqrt(2) * std
        self.weight = nn.Parameter(values.to(dtype or torch.get_default_dtype()))

    def forward(self, x):
        weight = self.weight
        rows = x.reshape(-1, weight.shape[1])
        return torch.mm(rows, weight.t()).reshape(*x.shape[:-1], weight.shape[0])
# mastery:end linear
