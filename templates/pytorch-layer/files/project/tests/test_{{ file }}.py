"""Tests of `{{ class }}`."""

import pytest
import torch

from {{ package }}.{{ file }} import {{ class }}


def test_gain_is_the_only_parameter_and_starts_as_ones():
    layer = {{ class }}(4)
    assert list(layer.state_dict()) == ["weight"]
    torch.testing.assert_close(layer.weight.detach(), torch.ones(4))


@pytest.mark.parametrize("shape", [(8,), (3, 8), (2, 3, 8), (0, 8)])
def test_shape_stays(shape):
    assert {{ class }}(8)(torch.randn(shape)).shape == shape


def test_root_mean_square_becomes_one():
    y = {{ class }}(64)(5 * torch.randn(3, 64))
    torch.testing.assert_close(y.pow(2).mean(dim=-1), torch.ones(3), rtol=1e-3, atol=1e-3)


def test_vector_comes_out_the_same_alone_and_in_a_batch():
    layer = {{ class }}(16)
    batch = torch.randn(2, 16) * torch.tensor([[1.0], [100.0]])
    alone, together = layer(batch[0]), layer(batch)[0]
    difference = (alone - together).abs().max().item()
    assert difference < 1e-4, f"a vector changes by {difference:.3g} when another one is beside it"


def test_gain_multiplies_each_feature():
    layer = {{ class }}(8)
    x = torch.randn(5, 8)
    plain = layer(x).detach()
    with torch.no_grad():
        layer.weight.copy_(torch.arange(8.0))
    torch.testing.assert_close(layer(x).detach(), plain * torch.arange(8.0))


def test_zeros_stay_zeros_with_a_finite_gradient():
    x = torch.zeros(3, 8, requires_grad=True)
    y = {{ class }}(8)(x)
    y.sum().backward()
    assert torch.equal(y.detach(), torch.zeros(3, 8))
    assert torch.isfinite(x.grad).all()


def test_constant_is_added_under_the_root():
    y = {{ class }}(4, eps=0.75)(torch.full((4,), 0.5))
    torch.testing.assert_close(y.detach(), torch.full((4,), 0.5))
