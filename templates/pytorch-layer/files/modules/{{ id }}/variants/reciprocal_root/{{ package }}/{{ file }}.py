# mastery:begin {{ id }}
import torch
from torch import nn


class {{ class }}(nn.Module):
    """Multiplies by the reciprocal of the root."""

    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.full((width,), 1.0))
        self.epsilon = eps

    def forward(self, features):
        scale = torch.rsqrt(features.square().mean(-1, keepdim=True) + self.epsilon)
        return features * scale * self.weight
# mastery:end {{ id }}
