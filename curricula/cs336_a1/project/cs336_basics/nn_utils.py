"""Functions that the layers and the training loop are built on."""

from collections.abc import Iterable

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int) -> Tensor:
    """Return the softmax of `x` along `dim`, with the shape and dtype of `x`."""
    # mastery:begin softmax
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    shifted = wide - wide.amax(dim=dim, keepdim=True)
    exponentials = shifted.exp()
    probabilities = exponentials / exponentials.sum(dim=dim, keepdim=True)
    return probabilities.to(x.dtype)
    # mastery:end softmax


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean negative log likelihood of `targets`, as a tensor of rank 0.

    `targets` holds class indices and has the shape of `logits` without the last dimension, which
    runs over the classes.
    """
    # mastery:begin cross_entropy
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    shifted = wide - wide.amax(dim=-1, keepdim=True)
    log_normaliser = shifted.exp().sum(dim=-1).log()
    chosen = shifted.gather(dim=-1, index=targets.unsqueeze(-1)).squeeze(-1)
    return (log_normaliser - chosen).mean()
    # mastery:end cross_entropy


def gradient_clipping(parameters: Iterable[Tensor], max_norm: float, eps: float = 1e-6) -> Tensor:
    """Scale the gradients of `parameters` in place so that their joint L2 norm is at most `max_norm`.

    Returns the norm from before the scaling, as a tensor of rank 0.
    """
    # mastery:begin gradient_clipping
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return torch.tensor(0.0)
    norms = [
        torch.linalg.vector_norm(gradient, dtype=torch.promote_types(gradient.dtype, torch.float32))
        for gradient in gradients
    ]
    norm = torch.linalg.vector_norm(torch.stack(norms))
    if norm > max_norm:
        factor = max_norm / (norm + eps)
        for gradient in gradients:
            gradient.mul_(factor)
    return norm
    # mastery:end gradient_clipping
