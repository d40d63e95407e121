"""`RMSNorm` against PyTorch's own operator in float64, and against what its definition implies."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from cs336_basics.layers import RMSNorm

HALF_TYPES = [torch.float16, torch.bfloat16]


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def layer_with_gain(gain, **kwargs):
    layer = RMSNorm(gain.shape[0], dtype=gain.dtype, **kwargs)
    with torch.no_grad():
        layer.weight.copy_(gain)
    return layer


def oracle(x, gain, eps=1e-5):
    """PyTorch's result, computed in float64 and rounded once to the dtype of `x`."""
    return F.rms_norm(x.double(), (x.shape[-1],), gain.double(), eps).to(x.dtype)


def assert_close_in_half(actual, expected):
    """Compares up to four roundings, so that it does not matter in which order gain and cast come."""
    rounding = torch.finfo(expected.dtype).eps / 2
    torch.testing.assert_close(actual, expected, rtol=4 * rounding, atol=4e-3 * rounding)


class Refuse(TorchFunctionMode):
    """Lets no PyTorch function in `banned` be called, however it was imported."""

    def __init__(self, *banned):
        super().__init__()
        self.banned = banned

    def __torch_function__(self, func, types, args=(), kwargs=None):
        assert func not in self.banned, f"the layer calls PyTorch's `{func.__name__}`"
        return func(*args, **(kwargs or {}))


# Parameters


def test_gain_is_the_only_parameter():
    layer = RMSNorm(6)
    assert isinstance(layer, nn.Module)
    names = [name for name, _ in layer.named_parameters()]
    assert names == ["weight"], f"the optimizer is given {names}"
    assert layer.weight.requires_grad
    assert list(layer.state_dict()) == ["weight"]


def test_gain_starts_as_ones_in_float32():
    weight = RMSNorm(6).weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, torch.ones(6))


@pytest.mark.parametrize("dtype", [torch.float64, *HALF_TYPES], ids=str)
def test_gain_has_the_dtype_asked_for(dtype):
    weight = RMSNorm(6, dtype=dtype).weight
    assert torch.equal(weight, torch.ones(6, dtype=dtype))
    assert weight.dtype == dtype


def test_gain_is_on_the_device_asked_for():
    assert RMSNorm(6, device="meta").weight.device.type == "meta"


# Forward in float32


@pytest.mark.parametrize("leading", [(), (3,), (2, 3), (2, 1, 3, 2), (0,), (2, 0)], ids=str)
def test_forward_matches_pytorch_over_any_leading_dimensions(leading):
    gain = torch.randn(6)
    x = 3 * torch.randn(*leading, 6)
    torch.testing.assert_close(layer_with_gain(gain)(x), oracle(x, gain))


def test_known_values():
    gain = torch.tensor([1.0, 10.0])
    y = layer_with_gain(gain, eps=0.0)(torch.tensor([[1.0, -7.0]]))
    # The squares are 1 and 49, their mean is 25.
    torch.testing.assert_close(y, torch.tensor([[0.2, -14.0]]))


def test_vectors_do_not_depend_on_what_else_is_in_the_batch():
    layer = RMSNorm(6)
    scales = torch.tensor([1.0, 10.0, 100.0]).reshape(3, 1, 1)
    x = scales * torch.randn(3, 4, 6)
    together = layer(x)
    for i in range(3):
        for j in range(4):
            alone = layer(x[i, j])
            distance = (together[i, j] - alone).abs().max().item()
            assert distance < 1e-5, f"a vector changes by {distance:.3f} when it is normalised alone"


def test_constant_vector_is_scaled_and_not_centred():
    y = RMSNorm(6)(torch.full((6,), -3.0))
    distance = (y + 1).abs().max().item()
    assert distance < 1e-4, f"a vector of equal entries comes out as {y.tolist()}"


@pytest.mark.parametrize("d_model", [1, 2, 64])
def test_result_has_root_mean_square_one(d_model):
    y = RMSNorm(d_model)(10 + torch.randn(7, d_model))
    torch.testing.assert_close(y.square().mean(dim=-1).sqrt(), torch.ones(7))


def test_forward_takes_inputs_that_are_not_contiguous():
    gain = torch.randn(6)
    x = torch.randn(6, 2, 3).permute(2, 1, 0)
    torch.testing.assert_close(layer_with_gain(gain)(x), oracle(x, gain))


def test_forward_leaves_input_and_gain_as_they_were():
    layer = RMSNorm(6)
    x = torch.randn(3, 6)
    before = x.clone()
    layer(x)
    assert torch.equal(x, before)
    assert torch.equal(layer.weight, torch.ones(6))


def test_forward_does_not_call_the_builtin_operator():
    layer = RMSNorm(6)
    with Refuse(F.rms_norm, torch.rms_norm):
        layer(torch.randn(3, 6))


# The small constant


@pytest.mark.parametrize("eps", [1e-8, 1e-5, 1e-2, 1.0])
@pytest.mark.parametrize("size", [1e-4, 1e-2, 1.0])
def test_eps_is_added_to_the_mean_square(size, eps):
    gain = torch.ones(6)
    x = size * torch.randn(4, 6)
    actual, expected = layer_with_gain(gain, eps=eps)(x), oracle(x, gain, eps)
    ratio = (actual.norm() / expected.norm()).item()
    assert abs(ratio - 1) < 1e-4, f"small inputs come out {ratio:.4f} times as large as they have to be"
    torch.testing.assert_close(actual, expected)


def test_eps_is_1e_5_by_default():
    gain = torch.ones(6)
    x = 1e-3 * torch.randn(4, 6)
    torch.testing.assert_close(RMSNorm(6)(x), oracle(x, gain, 1e-5))


def test_zero_vector_stays_zero():
    y = RMSNorm(6)(torch.zeros(2, 6))
    assert torch.equal(y, torch.zeros(2, 6)), f"a vector of zeros comes out as {y[0].tolist()}"


# Other dtypes


@pytest.mark.parametrize("gain_dtype", [torch.float32, *HALF_TYPES], ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, *HALF_TYPES], ids=str)
def test_result_has_the_dtype_of_the_input(dtype, gain_dtype):
    gain = torch.randn(6).to(gain_dtype)
    x = torch.randn(4, 6).to(dtype)
    y = layer_with_gain(gain)(x)
    assert y.dtype == dtype
    if dtype in HALF_TYPES:
        assert_close_in_half(y, oracle(x, gain))
    else:
        torch.testing.assert_close(y, oracle(x, gain), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gain_dtype", [torch.float32, torch.float16], ids=str)
def test_float16_vectors_with_large_entries_survive(gain_dtype):
    # From 256 on the square of an entry is beyond the range of float16.
    x = 300 * torch.randn(5, 64).to(torch.float16)
    x[0, 0] = 60_000
    gain = torch.ones(64, dtype=gain_dtype)
    y = layer_with_gain(gain)(x)
    lost = (y == 0).all(dim=-1).sum().item()
    assert lost == 0, f"{lost} of 5 vectors with large entries come out as zeros"
    assert_close_in_half(y, oracle(x, gain))


@pytest.mark.parametrize("gain_dtype", [torch.float32, torch.float16], ids=str)
def test_float16_vectors_with_tiny_entries_survive(gain_dtype):
    # The squares, and eps itself, are below the smallest float16.
    x = (1e-4 * torch.randn(5, 64)).to(torch.float16)
    gain = torch.ones(64, dtype=gain_dtype)
    y = layer_with_gain(gain, eps=1e-9)(x)
    assert torch.isfinite(y).all(), "vectors with tiny entries come out as infinities or NaN"
    assert_close_in_half(y, oracle(x, gain, 1e-9))


@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
def test_half_precision_results_are_rounded_once(dtype):
    gain = torch.ones(256, dtype=dtype)
    x = torch.randn(32, 256).to(dtype)
    # Steps in float32 leave nearly every entry at the nearest value of its dtype; steps in half precision do not.
    share = (layer_with_gain(gain)(x) == oracle(x, gain)).double().mean().item()
    assert share > 0.98, f"only {share:.3f} of the entries are the nearest value of their dtype"


# Backward


@pytest.mark.parametrize("shape", [(6,), (2, 3, 6)], ids=str)
def test_gradients_match_pytorch(shape):
    gain = torch.randn(6)
    x = torch.randn(shape, requires_grad=True)
    upstream = torch.randn(shape)
    layer = layer_with_gain(gain)
    layer(x).backward(upstream)

    x_oracle = x.detach().double().requires_grad_()
    gain_oracle = gain.double().requires_grad_()
    F.rms_norm(x_oracle, (6,), gain_oracle, 1e-5).backward(upstream.double())

    assert x.grad is not None, "no gradient reaches the input"
    assert layer.weight.grad is not None, "no gradient reaches the gain"
    torch.testing.assert_close(x.grad, x_oracle.grad.float(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.weight.grad, gain_oracle.grad.float(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", HALF_TYPES, ids=str)
def test_gradients_reach_half_precision_inputs_and_gains(dtype):
    x = torch.randn(4, 6).to(dtype).requires_grad_()
    layer = layer_with_gain(torch.randn(6).to(dtype))
    layer(x).sum().backward()
    x_oracle = x.detach().double().requires_grad_()
    gain_oracle = layer.weight.detach().double().requires_grad_()
    F.rms_norm(x_oracle, (6,), gain_oracle, 1e-5).sum().backward()
    tolerance = 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(x.grad.double(), x_oracle.grad, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(layer.weight.grad.double(), gain_oracle.grad, rtol=tolerance, atol=tolerance)


def test_gradient_at_a_zero_vector_is_finite():
    x = torch.zeros(2, 6, requires_grad=True)
    RMSNorm(6)(x).sum().backward()
    assert torch.isfinite(x.grad).all(), f"the gradient at a vector of zeros is {x.grad[0].tolist()}"
    torch.testing.assert_close(x.grad, torch.full((2, 6), 1e-5**-0.5))
