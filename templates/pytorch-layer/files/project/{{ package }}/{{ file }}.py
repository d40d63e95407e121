# mastery:begin {{ id }}
"""A layer that gives all vectors the same scale."""

import torch
from torch import Tensor, nn


class {{ class }}(nn.Module):
    """Divides vectors by their root mean square, then multiplies by a learned gain."""

    def __init__(self, width: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Scale `x` of shape (..., width) along its last dimension."""
        mean_square = x.pow(2).mean(dim=-1, keepdim=True)
        return x / torch.sqrt(mean_square + self.eps) * self.weight
# mastery:end {{ id }}
