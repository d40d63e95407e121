# mastery:begin linear embedding rmsnorm
"""Layers with learned parameters."""

import math

import torch
from torch import Tensor, nn
# mastery:end linear embedding rmsnorm
# mastery:begin linear


class Linear(nn.Module):
    """A linear map without bias over the last dimension."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))
        std = math.sqrt(2 / (in_features + out_features))
        nn.init.trunc_normal_(self.weight, mean=0.0, std=std, a=-3 * std, b=3 * std)

    def forward(self, x: Tensor) -> Tensor:
        """Map `x` of shape (..., in_features) to (..., out_features)."""
        return x @ self.weight.T
# mastery:end linear
# mastery:begin embedding


class Embedding(nn.Module):
    """A table with one learned vector for each id."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
        nn.init.trunc_normal_(self.weight, mean=0.0, std=1.0, a=-3.0, b=3.0)

    def forward(self, token_ids: Tensor) -> Tensor:
        """Look up ids of any shape: (...) to (..., embedding_dim)."""
        return self.weight[token_ids]
# mastery:end embedding
# mastery:begin rmsnorm


class RMSNorm(nn.Module):
    """Scales vectors to a root mean square of one, then by a learned gain."""

    def __init__(
        self,
        d_model: int,
        eps: float = 1e-5,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model, device=device, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` of shape (..., d_model) over its last dimension."""
        in_dtype = x.dtype
        x = x.to(torch.float32)
        rms = torch.sqrt(x.pow(2).mean(dim=-1, keepdim=True) + self.eps)
        return (x / rms * self.weight).to(in_dtype)
# mastery:end rmsnorm
