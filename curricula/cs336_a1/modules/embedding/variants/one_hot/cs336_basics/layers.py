# mastery:begin embedding


class Embedding(nn.Module):
    """Looks up by a product with one-hot vectors: slow, and the definition of what a lookup is."""

    def __init__(self, num_embeddings, embedding_dim, device=None, dtype=None):
        super().__init__()
        area = math.erf(3 / math.sqrt(2))
        uniform = torch.empty(num_embeddings, embedding_dim, device=device).uniform_(-area, area)
        values = math.sqrt(2) * torch.erfinv(uniform)
        self.weight = nn.Parameter(values.to(dtype or torch.get_default_dtype()))

    def forward(self, token_ids):
        one_hot = nn.functional.one_hot(token_ids.long(), self.weight.shape[0])
        return one_hot.to(self.weight.dtype) @ self.weight
# mastery:end embedding
