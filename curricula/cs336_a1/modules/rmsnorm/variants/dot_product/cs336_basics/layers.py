# mastery:begin rmsnorm


class RMSNorm(nn.Module):
    """Takes the mean square as the product of a vector with itself, divided by its length."""

    def __init__(self, d_model, eps=1e-5, device=None, dtype=None):
        super().__init__()
        self.d_model = d_model
        self.epsilon = eps
        self.weight = nn.Parameter(torch.empty(d_model, device=device, dtype=dtype))
        nn.init.ones_(self.weight)

    def forward(self, features):
        wide = features.to(dtype=torch.float32)
        mean_square = torch.einsum("...d,...d->...", wide, wide) / self.d_model
        root = (mean_square + self.epsilon).sqrt().unsqueeze(-1)
        return wide.div(root).mul(self.weight).to(dtype=features.dtype)
# mastery:end rmsnorm
