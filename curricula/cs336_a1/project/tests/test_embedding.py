"""`Embedding` against lookups and sums written out as loops, its start values against the truncated normal."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from cs336_basics.layers import Embedding


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def layer_with_weight(weight):
    layer = Embedding(*weight.shape, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer


def normal_area(bound):
    """Share of a normal distribution that lies within `bound` standard deviations."""
    return math.erf(bound / math.sqrt(2))


class Refuse(TorchFunctionMode):
    """Lets no PyTorch function in `banned` be called, however it was imported."""

    def __init__(self, *banned):
        super().__init__()
        self.banned = banned

    def __torch_function__(self, func, types, args=(), kwargs=None):
        assert func not in self.banned, f"the layer calls PyTorch's `{func.__name__}`"
        return func(*args, **(kwargs or {}))


# Parameters


def test_weight_is_the_only_parameter():
    layer = Embedding(11, 4)
    assert isinstance(layer, nn.Module)
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["weight"], f"the optimizer is given {names}"
    assert layer.weight.requires_grad
    assert list(layer.state_dict()) == ["weight"]


def test_weight_has_one_row_per_id():
    assert Embedding(11, 4).weight.shape == (11, 4)


def test_weight_is_float32_by_default():
    assert Embedding(11, 4).weight.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_weight_has_the_dtype_asked_for(dtype):
    assert Embedding(11, 4, dtype=dtype).weight.dtype == dtype


def test_weight_is_on_the_device_asked_for():
    assert Embedding(11, 4, device="meta").weight.device.type == "meta"


# Start values. The bounds are at least five standard errors wide, so that any way of drawing passes.

SHAPES = [(1500, 80), (60, 2000)]


@pytest.mark.parametrize(("num_embeddings", "embedding_dim"), SHAPES)
def test_start_values_have_standard_deviation_one(num_embeddings, embedding_dim):
    weight = Embedding(num_embeddings, embedding_dim).weight.detach().double()
    # Cutting a normal distribution at three deviations leaves it with 0.9866 of its own.
    assert 0.97 < weight.std().item() < 1.003, f"the start values have standard deviation {weight.std():.4f}"
    assert abs(weight.mean().item()) < 0.02, f"the start values have mean {weight.mean():.4f}"


@pytest.mark.parametrize(("num_embeddings", "embedding_dim"), SHAPES)
def test_start_values_stay_within_three(num_embeddings, embedding_dim):
    largest = Embedding(num_embeddings, embedding_dim).weight.detach().abs().max().item()
    assert largest < 3.0003, f"the largest start value is {largest:.3f}"


def test_start_values_are_normal_inside_the_bounds():
    weight = Embedding(1500, 80).weight.detach().double().abs()
    for bound in (0.5, 1.0, 1.5, 2.0, 2.5):
        share = (weight < bound).double().mean().item()
        expected = normal_area(bound) / normal_area(3.0)
        assert abs(share - expected) < 0.01, f"{share:.4f} of the start values are within {bound}"
    assert weight.max() > 2.8, "the start values do not reach out to three"


def test_start_values_do_not_pile_up_at_the_bounds():
    near = (Embedding(1500, 80).weight.detach().abs() > 2.99).sum().item()
    # About 11 of 120,000 in a truncated distribution; 335 where values beyond the bounds are clamped.
    assert near < 80, f"{near} start values lie at the bounds"


def test_every_id_starts_with_a_vector_of_its_own():
    weight = Embedding(200, 600).weight.detach()
    # No row is left out, first and last included.
    assert weight.std(dim=1).min() > 0.7
    assert weight.std(dim=0).min() > 0.7
    assert len(weight.unique(dim=0)) == 200, "two ids start with the same vector"


def test_two_tables_start_with_different_values():
    assert not torch.equal(Embedding(20, 30).weight, Embedding(20, 30).weight)


# Forward


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 1, 3, 2), (0,), (2, 0)], ids=str)
def test_forward_looks_up_ids_of_any_shape(shape):
    weight = torch.randn(11, 4)
    ids = torch.randint(0, 11, shape)
    y = layer_with_weight(weight)(ids)
    assert y.shape == (*shape, 4)
    rows = [weight[i] for i in ids.flatten().tolist()]
    expected = torch.stack(rows).reshape(*shape, 4) if rows else torch.empty(*shape, 4)
    assert torch.equal(y, expected)


def test_forward_reads_the_row_of_every_id():
    weight = torch.randn(11, 4)
    assert torch.equal(layer_with_weight(weight)(torch.arange(11)), weight)


@pytest.mark.parametrize("token_id", [0, 10])
def test_first_and_last_id_are_ordinary(token_id):
    weight = torch.randn(11, 4)
    y = layer_with_weight(weight)(torch.tensor(token_id))
    assert torch.equal(y, weight[token_id]), f"id {token_id} gives {y.tolist()}; its row is {weight[token_id].tolist()}"


def test_square_table_is_read_by_rows():
    weight = torch.arange(16.0).reshape(4, 4)
    y = layer_with_weight(weight)(torch.tensor([1, 3]))
    assert torch.equal(y, torch.tensor([[4.0, 5.0, 6.0, 7.0], [12.0, 13.0, 14.0, 15.0]]))


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32], ids=str)
def test_forward_takes_both_integer_types(dtype):
    weight = torch.randn(11, 4)
    ids = torch.tensor([[0, 1], [10, 1]])
    assert torch.equal(layer_with_weight(weight)(ids.to(dtype)), weight[ids])


def test_forward_takes_ids_that_are_not_contiguous():
    weight = torch.randn(11, 4)
    ids = torch.randint(0, 11, (3, 2, 5)).permute(2, 0, 1)
    assert torch.equal(layer_with_weight(weight)(ids), weight[ids])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_forward_keeps_the_dtype_of_the_table(dtype):
    weight = torch.randn(11, 4, dtype=dtype)
    ids = torch.tensor([3, 0, 3])
    y = layer_with_weight(weight)(ids)
    assert y.dtype == dtype
    assert torch.equal(y, weight[ids])


@pytest.mark.parametrize("token_id", [11, 12, 50_000])
def test_ids_beyond_the_table_are_refused(token_id):
    layer = Embedding(11, 4)
    with pytest.raises((IndexError, RuntimeError, ValueError)):
        layer(torch.tensor([1, token_id]))


def test_forward_leaves_ids_and_table_as_they_were():
    layer = Embedding(11, 4)
    ids = torch.tensor([[3, 1], [3, 0]])
    ids_before, weight_before = ids.clone(), layer.weight.detach().clone()
    layer(ids)
    assert torch.equal(ids, ids_before)
    assert torch.equal(layer.weight, weight_before)


def test_forward_does_not_call_the_builtin_operator():
    layer = Embedding(11, 4)
    with Refuse(F.embedding, torch.embedding, F.embedding_bag):
        layer(torch.tensor([3, 0]))


def test_forward_uses_a_table_loaded_from_a_state_dict():
    layer = Embedding(11, 4)
    weight = torch.randn(11, 4)
    layer.load_state_dict({"weight": weight})
    assert torch.equal(layer(torch.arange(11)), weight)


# Backward


def gradient(ids, upstream):
    """The gradient of the table, of shape (6, 4), for a given gradient of the output."""
    layer = Embedding(6, 4, dtype=upstream.dtype)
    y = layer(ids)
    assert y.requires_grad, "the output is cut off from the table"
    y.backward(upstream)
    assert layer.weight.grad is not None, "no gradient reaches the table"
    return layer.weight.grad


def test_gradient_adds_up_over_repeated_ids():
    ids = torch.tensor([[2, 5, 2], [0, 2, 5]])
    upstream = torch.randn(2, 3, 4, dtype=torch.float64)
    expected = torch.zeros(6, 4, dtype=torch.float64)
    for token_id, row in zip(ids.flatten().tolist(), upstream.reshape(-1, 4), strict=True):
        expected[token_id] += row
    torch.testing.assert_close(gradient(ids, upstream), expected)


def test_gradient_of_one_id_in_every_place_is_the_sum():
    upstream = torch.ones(100, 4)
    grad = gradient(torch.full((100,), 3), upstream)
    torch.testing.assert_close(grad[3], torch.full((4,), 100.0))


def test_gradient_is_zero_for_ids_that_do_not_occur():
    grad = gradient(torch.tensor([2, 5]), torch.ones(2, 4))
    assert torch.equal(grad[[0, 1, 3, 4]], torch.zeros(4, 4))
