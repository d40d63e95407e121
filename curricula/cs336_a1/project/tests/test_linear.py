"""`Linear` against PyTorch's own operator, its start values against the truncated normal distribution."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from cs336_basics.layers import Linear


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def layer_with_weight(weight):
    out_features, in_features = weight.shape
    layer = Linear(in_features, out_features, dtype=weight.dtype)
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
    layer = Linear(7, 5)
    assert isinstance(layer, nn.Module)
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["weight"], f"the optimizer is given {names}"
    assert layer.weight.requires_grad
    assert list(layer.state_dict()) == ["weight"]


def test_weight_has_one_row_per_output():
    assert Linear(7, 5).weight.shape == (5, 7)


def test_weight_is_float32_by_default():
    assert Linear(7, 5).weight.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_weight_has_the_dtype_asked_for(dtype):
    assert Linear(7, 5, dtype=dtype).weight.dtype == dtype


def test_weight_is_on_the_device_asked_for():
    assert Linear(7, 5, device="meta").weight.device.type == "meta"


# Start values. The bounds are at least five standard errors wide, so that any way of drawing passes.

SHAPES = [(600, 200), (100, 1100)]


def start_values_in_deviations(in_features, out_features):
    """The start values of a fresh layer in units of the standard deviation that they are drawn with."""
    std = math.sqrt(2 / (in_features + out_features))
    return Linear(in_features, out_features).weight.detach().double() / std


@pytest.mark.parametrize(("in_features", "out_features"), SHAPES)
def test_start_values_have_the_right_spread(in_features, out_features):
    z = start_values_in_deviations(in_features, out_features)
    # Cutting a normal distribution at three deviations leaves it with 0.9866 of its own.
    assert 0.97 < z.std().item() < 1.003, f"the spread is {z.std():.4f} of what was asked for"
    assert abs(z.mean().item()) < 0.02, f"the mean is {z.mean():.4f} deviations off"


@pytest.mark.parametrize(("in_features", "out_features"), SHAPES)
def test_start_values_stay_within_three_deviations(in_features, out_features):
    largest = start_values_in_deviations(in_features, out_features).abs().max().item()
    assert largest < 3.0003, f"a start value lies {largest:.3f} deviations out"


def test_start_values_are_normal_inside_the_bounds():
    z = start_values_in_deviations(600, 200).abs()
    for bound in (0.5, 1.0, 1.5, 2.0, 2.5):
        share = (z < bound).double().mean().item()
        expected = normal_area(bound) / normal_area(3.0)
        assert abs(share - expected) < 0.01, f"{share:.4f} of the start values are within {bound} deviations"
    assert z.max() > 2.8, "the start values do not reach out to three deviations"


def test_start_values_do_not_pile_up_at_the_bounds():
    near = (start_values_in_deviations(600, 200).abs() > 2.99).sum().item()
    # About 11 of 120,000 in a truncated distribution; 335 where values beyond the bounds are clamped.
    assert near < 80, f"{near} start values lie at the bounds"


def test_rows_and_columns_of_the_start_values_differ():
    z = start_values_in_deviations(600, 200)
    assert z.std(dim=0).min() > 0.7
    assert z.std(dim=1).min() > 0.7
    assert len(z.unique(dim=0)) == 200, "two rows of the start values are the same"
    assert len(z.unique(dim=1).T) == 600, "two columns of the start values are the same"


def test_two_layers_start_with_different_values():
    assert not torch.equal(Linear(20, 30).weight, Linear(20, 30).weight)


# Forward


@pytest.mark.parametrize("leading", [(), (3,), (2, 3), (2, 1, 3, 2), (0,), (2, 0)], ids=str)
def test_forward_matches_pytorch_over_any_leading_dimensions(leading):
    weight = torch.randn(5, 7, dtype=torch.float64)
    x = torch.randn(*leading, 7, dtype=torch.float64)
    torch.testing.assert_close(layer_with_weight(weight)(x), F.linear(x, weight))


def test_each_output_is_the_product_with_a_row_of_a_square_weight():
    layer = layer_with_weight(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    y = layer(torch.tensor([[1.0, 0.0], [1.0, -1.0]]))
    torch.testing.assert_close(y, torch.tensor([[1.0, 3.0], [-1.0, -1.0]]))


def test_zero_input_gives_zero_output():
    y = Linear(7, 5)(torch.zeros(3, 7))
    assert torch.equal(y, torch.zeros(3, 5)), "something is added to the product"


def test_forward_takes_inputs_that_are_not_contiguous():
    weight = torch.randn(5, 7)
    x = torch.randn(7, 2, 3).permute(2, 1, 0)
    torch.testing.assert_close(layer_with_weight(weight)(x), F.linear(x, weight))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_forward_keeps_the_dtype(dtype):
    weight = torch.randn(5, 7, dtype=dtype)
    x = torch.randn(3, 7, dtype=dtype)
    y = layer_with_weight(weight)(x)
    assert y.dtype == dtype
    torch.testing.assert_close(y, F.linear(x, weight))


def test_forward_leaves_input_and_weight_as_they_were():
    layer = Linear(7, 5)
    x = torch.randn(3, 7)
    x_before, weight_before = x.clone(), layer.weight.detach().clone()
    layer(x)
    assert torch.equal(x, x_before)
    assert torch.equal(layer.weight, weight_before)


def test_forward_does_not_call_the_builtin_operator():
    layer = Linear(7, 5)
    with Refuse(F.linear):
        layer(torch.randn(3, 7))


def test_forward_uses_weights_loaded_from_a_state_dict():
    layer = Linear(7, 5)
    weight = torch.randn(5, 7)
    layer.load_state_dict({"weight": weight})
    x = torch.randn(2, 7)
    torch.testing.assert_close(layer(x), F.linear(x, weight))


# Backward


def test_gradients_match_pytorch():
    weight = torch.randn(5, 7, dtype=torch.float64)
    x = torch.randn(2, 3, 7, dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(2, 3, 5, dtype=torch.float64)
    layer = layer_with_weight(weight)
    layer(x).backward(upstream)

    x_oracle = x.detach().clone().requires_grad_()
    weight_oracle = weight.clone().requires_grad_()
    F.linear(x_oracle, weight_oracle).backward(upstream)

    assert x.grad is not None, "no gradient reaches the input"
    assert layer.weight.grad is not None, "no gradient reaches the weight"
    torch.testing.assert_close(x.grad, x_oracle.grad)
    torch.testing.assert_close(layer.weight.grad, weight_oracle.grad)
