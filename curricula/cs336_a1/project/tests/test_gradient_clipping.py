"""Validates `gradient_clipping`, against PyTorch's and values worked out by hand."""

import copy
import math

import pytest
import torch

from cs336_basics.nn_utils import gradient_clipping

SHAPES = [
    [(5,)],
    [(3, 4), (4,)],
    [(), (7,), (2, 3, 2), (1, 1)],
    [(6, 6)] * 5,
]


def parameter(gradient, dtype=torch.float32):
    """A parameter with this gradient; `None` leaves it without one."""
    if gradient is None:
        return torch.nn.Parameter(torch.ones(2, dtype=dtype))
    gradient = torch.as_tensor(gradient, dtype=dtype)
    result = torch.nn.Parameter(torch.ones_like(gradient))
    result.grad = gradient.clone()
    return result


def sample(shapes, dtype=torch.float32, scale=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [
        parameter(scale * torch.randn(shape, generator=generator, dtype=torch.float64), dtype)
        for shape in shapes
    ]


def joint_norm(parameters):
    return math.sqrt(sum(p.grad.double().square().sum().item() for p in parameters))


def assert_close(actual, expected, what, rtol=1e-5, atol=1e-7):
    expected = torch.as_tensor(expected, dtype=actual.dtype)
    torch.testing.assert_close(
        actual, expected, rtol=rtol, atol=atol, msg=lambda details: f"{what}\n{details}"
    )


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("max_norm", [0.01, 1.0, 1e3])
def test_matches_pytorch(shapes, max_norm):
    ours = sample(shapes)
    theirs = copy.deepcopy(ours)
    for mine, other in zip(ours, theirs, strict=True):
        other.grad = mine.grad.clone()
    gradient_clipping(ours, max_norm)
    torch.nn.utils.clip_grad_norm_(theirs, max_norm)
    for mine, other in zip(ours, theirs, strict=True):
        assert_close(mine.grad, other.grad, "a gradient is not what PyTorch makes of it")


def test_gradients_of_norm_five_are_brought_to_norm_one():
    parameters = [parameter([3.0]), parameter([[0.0, -4.0]])]
    gradient_clipping(parameters, 1.0)
    assert_close(parameters[0].grad, [0.6], "3 is not scaled by a fifth")
    assert_close(parameters[1].grad, [[0.0, -0.8]], "-4 is not scaled by a fifth")


def test_norm_is_that_of_all_gradients_together():
    # Each by itself is below the limit.
    parameters = [parameter([0.8]) for _ in range(4)]
    norm = gradient_clipping(parameters, 1.0)
    assert_close(norm, 1.6, "the norm of four gradients of norm 0.8")
    for p in parameters:
        assert_close(p.grad, [0.5], "four gradients of norm 0.8 are not clipped together")


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("max_norm", [0.01, 1.0, 1e3])
def test_returns_the_norm_from_before_the_clipping(shapes, max_norm):
    parameters = sample(shapes)
    expected = joint_norm(parameters)
    norm = gradient_clipping(parameters, max_norm)
    assert isinstance(norm, torch.Tensor)
    assert norm.shape == ()
    assert_close(norm, expected, "the norm that is returned is off")


@pytest.mark.parametrize("max_norm", [1e-3, 0.5, 20.0])
def test_norm_afterwards_is_the_limit(max_norm):
    parameters = sample([(20, 30), (30,)])
    gradient_clipping(parameters, max_norm)
    assert joint_norm(parameters) == pytest.approx(max_norm, rel=1e-4)


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 0.1])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_small_gradients_keep_every_bit(scale, dtype):
    parameters = sample([(3, 4), (4,)], dtype=dtype, scale=scale)
    before = [p.grad.clone() for p in parameters]
    gradient_clipping(parameters, 1.0)
    for p, gradient in zip(parameters, before, strict=True):
        assert torch.equal(p.grad, gradient), "gradients below the limit were changed"


def test_norm_equal_to_the_limit_is_not_clipped():
    parameters = [parameter([3.0]), parameter([4.0])]
    gradient_clipping(parameters, 5.0, eps=1.0)
    assert [p.grad.item() for p in parameters] == [3.0, 4.0], "a norm at the limit was clipped"


def test_eps_is_added_to_the_norm():
    parameters = [parameter([6.0]), parameter([8.0])]
    gradient_clipping(parameters, 5.5, eps=1.0)
    assert_close(parameters[0].grad, [3.0], "the factor is not 5.5 / (10 + 1)")
    assert_close(parameters[1].grad, [4.0], "the factor is not 5.5 / (10 + 1)")


def test_zero_gradients_stay_zero():
    parameters = [parameter(torch.zeros(3)), parameter(torch.zeros(2, 2))]
    assert gradient_clipping(parameters, 1.0) == 0
    for p in parameters:
        assert (p.grad == 0).all()


def test_parameters_without_a_gradient_are_skipped():
    parameters = [parameter(None), parameter([3.0]), parameter(None), parameter([4.0])]
    norm = gradient_clipping(parameters, 2.5)
    assert_close(norm, 5.0, "the norm next to parameters without a gradient")
    assert parameters[0].grad is None
    assert parameters[2].grad is None
    assert_close(parameters[1].grad, [1.5], "a gradient next to parameters without one")
    assert_close(parameters[3].grad, [2.0], "a gradient next to parameters without one")


@pytest.mark.parametrize("gradients", [[], [None], [None, None]], ids=str)
def test_nothing_to_clip_has_norm_zero(gradients):
    parameters = [parameter(gradient) for gradient in gradients]
    norm = gradient_clipping(parameters, 1.0)
    assert isinstance(norm, torch.Tensor)
    assert norm.shape == ()
    assert norm == 0
    assert all(p.grad is None for p in parameters)


def test_generator_is_clipped_like_a_list():
    parameters = [parameter([3.0]), parameter(None), parameter([4.0])]
    norm = gradient_clipping((p for p in parameters), 1.0)
    assert_close(norm, 5.0, "the norm of a generator's gradients")
    assert_close(parameters[0].grad, [0.6], "the gradients of a generator are not clipped")
    assert_close(parameters[2].grad, [0.8], "the gradients of a generator are not clipped")


def test_gradients_of_a_model_are_clipped_after_backward():
    layer = torch.nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.fill_(0.5)
        layer.bias.zero_()
    layer(torch.tensor([[1.0, 2.0, 2.0]])).sum().backward()
    # Each row of the weight has the gradient (1, 2, 2), each bias 1.
    norm = gradient_clipping(layer.parameters(), 1.0)
    assert_close(norm, math.sqrt(20), "the norm of the model's gradients")
    expected = torch.tensor([1.0, 2.0, 2.0]).repeat(2, 1) / math.sqrt(20)
    assert_close(layer.weight.grad, expected, "the weight's gradient is not clipped")
    assert_close(layer.bias.grad, torch.ones(2) / math.sqrt(20), "the bias's gradient")


def test_gradients_are_changed_in_place():
    parameters = sample([(4, 4), (4,)])
    before = [(p.grad, p.grad.data_ptr()) for p in parameters]
    gradient_clipping(parameters, 0.1)
    for p, (gradient, address) in zip(parameters, before, strict=True):
        assert p.grad is gradient, "a gradient was replaced by another tensor"
        assert p.grad.data_ptr() == address, "a gradient lies at another address"
    assert joint_norm(parameters) == pytest.approx(0.1, rel=1e-4)


def test_parameters_themselves_stay():
    parameters = sample([(4, 4), (4,)])
    gradient_clipping(parameters, 0.1)
    for p in parameters:
        assert torch.equal(p, torch.ones_like(p))
        assert p.requires_grad


def test_half_precision_squares_do_not_overflow():
    parameters = [parameter(torch.full((50, 20), 300.0), torch.float16) for _ in range(2)]
    norm = gradient_clipping(parameters, 1e3)
    expected = 300.0 * math.sqrt(2000)
    assert_close(norm.double(), expected, "the norm of half-precision gradients", rtol=1e-5)
    for p in parameters:
        assert p.grad.dtype == torch.float16
        expected_gradient = torch.full((50, 20), 1e3 / math.sqrt(2000))
        assert_close(p.grad.float(), expected_gradient, "half precision", rtol=2**-10)


def test_norm_larger_than_the_largest_half_is_finite():
    parameters = [parameter(torch.full((100, 100), 2000.0), torch.float16)]
    norm = gradient_clipping(parameters, 100.0)
    assert_close(norm.double(), 2e5, "a norm beyond the range of half precision", rtol=1e-5)
    expected = torch.ones(100, 100)
    assert_close(parameters[0].grad.float(), expected, "half precision", rtol=2**-10)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_half_precision_norm_has_the_precision_of_float32(dtype):
    parameters = sample([(30, 40), (40,)], dtype=dtype)
    expected = joint_norm(parameters)
    norm = gradient_clipping(parameters, 1.0)
    assert_close(norm.double(), expected, "the norm of half-precision gradients", rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_tiny_factor_keeps_its_digits_in_half_precision(dtype):
    # The factor is about 1.4e-6, of which float16 has less than two digits.
    parameters = sample([(30, 40)], dtype=dtype, scale=1000.0)
    exact = parameters[0].grad.double() * (0.05 / joint_norm(parameters))
    gradient_clipping(parameters, 0.05)
    rtol = torch.finfo(dtype).eps
    assert_close(parameters[0].grad.double(), exact, "half precision", rtol=rtol, atol=2**-24)


def test_mixed_dtypes_share_one_norm_and_keep_their_dtypes():
    dtypes = [torch.float32, torch.bfloat16, torch.float16]
    parameters = [parameter([2.0, 0.0, 0.0, 0.0], dtype) for dtype in dtypes]
    norm = gradient_clipping(parameters, 1.0)
    assert_close(norm.double(), math.sqrt(12), "the norm of gradients of mixed dtypes")
    for p, dtype in zip(parameters, dtypes, strict=True):
        assert p.grad.dtype == dtype
        assert p.grad[0].item() == pytest.approx(2 / math.sqrt(12), rel=2**-7)


def test_float64_keeps_its_precision():
    parameters = sample([(3, 4), (4,)], dtype=torch.float64)
    norm_before = joint_norm(parameters)
    exact = [p.grad * (0.5 / (norm_before + 1e-6)) for p in parameters]
    norm = gradient_clipping(parameters, 0.5)
    assert norm.item() == pytest.approx(norm_before, rel=1e-6)
    for p, gradient in zip(parameters, exact, strict=True):
        assert_close(p.grad, gradient, "float64 is not kept", rtol=1e-12, atol=0.0)
