# mastery:begin embedding


class Embedding(nn.Module):
    def __init__(self, num_embeddings, embedding_dim, device=None, dtype=None):
        super().__init__()
        table = torch.empty((num_embeddings, embedding_dim), device=device, dtype=dtype)
        self.weight = nn.Parameter(nn.init.trunc_normal_(table, 0.0, 1.0, -3.0, 3.0))

    def forward(self, ids):
        """Select rows for the flattened ids, then give them the shape of the ids again."""
        flat = ids.flatten()
        rows = torch.index_select(self.weight, 0, flat)
        return rows.reshape(*ids.shape, rows.shape[-1])
# mastery:end embedding
