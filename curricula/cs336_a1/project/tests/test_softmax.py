"""Validates `softmax`, against `torch.softmax` and values worked out by hand."""

import math

import pytest
import torch

from cs336_basics.nn_utils import softmax

SHAPES_AND_DIMS = [
    ((7,), 0),
    ((7,), -1),
    ((4, 4), 0),
    ((4, 4), 1),
    ((3, 5), -2),
    ((3, 5), -1),
    ((2, 3, 4), 1),
    ((2, 3, 4), -3),
    ((4, 4, 4), 1),
    ((2, 1, 3, 5), 2),
    ((2, 1, 3, 5), -3),
]


def normal(*shape, dtype=torch.float32, scale=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(shape, generator=generator, dtype=torch.float64)).to(dtype)


def assert_close(actual, expected, what, rtol=1e-5, atol=1e-7):
    expected = torch.as_tensor(expected, dtype=actual.dtype)
    torch.testing.assert_close(
        actual, expected, rtol=rtol, atol=atol, msg=lambda details: f"{what}\n{details}"
    )


@pytest.mark.parametrize(("shape", "dim"), SHAPES_AND_DIMS)
def test_matches_pytorch_for_any_rank_and_dim(shape, dim):
    x = normal(*shape, scale=3.0)
    result = softmax(x, dim)
    assert result.shape == x.shape
    assert_close(result, torch.softmax(x, dim), f"softmax over dim {dim} of shape {shape} differs")


@pytest.mark.parametrize(("shape", "dim"), SHAPES_AND_DIMS)
def test_slices_along_dim_sum_to_one(shape, dim):
    sums = softmax(normal(*shape, scale=3.0, seed=1), dim).sum(dim)
    assert_close(sums, torch.ones_like(sums), f"sums over dim {dim} of shape {shape} are not 1")


def test_logs_of_weights_give_the_weights():
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 5.0, 30.0, 10.0]]).log()
    expected = [[0.1, 0.2, 0.3, 0.4], [0.1, 0.1, 0.6, 0.2]]
    assert_close(softmax(x, 1), expected, "weights 1 : 2 : 3 : 4 and 1 : 1 : 6 : 2 are not kept")


def test_slice_of_length_one_is_certain():
    x = torch.tensor([[-300.0], [0.0], [300.0]])
    assert_close(softmax(x, 1), torch.ones(3, 1), "the only class does not get probability 1")


@pytest.mark.parametrize(
    ("offset", "rtol"), [(100.0, 1e-4), (-120.0, 1e-4), (1e4, 5e-3), (-1e4, 5e-3)]
)
def test_common_offset_changes_nothing(offset, rtol):
    x = torch.tensor([[0.0, 1.0, 2.0], [-3.0, 0.5, 4.0]])
    result = softmax(x + offset, 1)
    assert_close(result, torch.softmax(x, 1), f"an offset of {offset} shows", rtol=rtol)


@pytest.mark.parametrize("dim", [0, 1])
def test_slices_of_very_different_size_do_not_disturb_each_other(dim):
    x = torch.tensor([[0.0, 1.0, 2.0], [2000.0, 2001.0, 2002.0], [-2000.0, -2001.0, -2002.0]])
    expected = torch.softmax(x.double(), 1)
    if dim == 0:
        x, expected = x.t(), expected.t()
    result = softmax(x, dim)
    assert_close(result, expected, "slices with far apart logits disturb each other", rtol=5e-3)


def test_one_huge_logit_takes_all():
    x = torch.tensor([0.0, 5000.0, -5000.0, 0.0, 0.0, 0.0])
    expected = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert_close(softmax(x, 0), expected, "one huge logit does not take all")


def test_float64_keeps_its_precision():
    x = normal(4, 9, dtype=torch.float64, scale=4.0)
    expected = torch.softmax(x, 1)
    assert_close(softmax(x, 1), expected, "float64 is not kept", rtol=1e-12, atol=0.0)


@pytest.mark.parametrize(
    ("dtype", "rtol"), [(torch.float16, 2**-10), (torch.bfloat16, 2**-7)], ids=["half", "bfloat16"]
)
@pytest.mark.parametrize("dim", [0, 1])
def test_half_precision_is_rounded_only_once(dtype, rtol, dim):
    # One unit in the last place is granted, for results next to the middle of two numbers.
    x = normal(40, 50, dtype=dtype, scale=4.0)
    expected = torch.softmax(x.double(), dim).to(dtype)
    assert_close(softmax(x, dim), expected, "too many roundings", rtol=rtol, atol=2**-23)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_vocabulary_larger_than_the_largest_half_is_no_problem(dtype):
    x = torch.full((1, 70_000), 15.0, dtype=dtype)
    expected = torch.full((1, 70_000), 1 / 70_000)
    what = "70000 equally likely classes do not get 1 / 70000 each"
    assert_close(softmax(x, 1).float(), expected, what, rtol=2**-8, atol=2**-24)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_largest_half_precision_logits_stay_finite(dtype):
    x = torch.tensor([[60_000.0, 60_000.0, -60_000.0], [-60_000.0, 0.0, -60_000.0]], dtype=dtype)
    expected = [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]
    assert_close(softmax(x, 1), expected, "logits at the end of the range overflow", rtol=5e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_result_has_the_dtype_of_the_input(dtype):
    assert softmax(normal(3, 5, dtype=dtype), 0).dtype == dtype


def test_masked_entries_get_zero_and_the_others_share_the_rest():
    x = normal(4, 6, seed=2)
    x[0, :3] = -math.inf
    x[1, 5] = -math.inf
    x[2, 1:] = -math.inf
    result = softmax(x, 1)
    assert (result[x == -math.inf] == 0).all(), "a masked entry has a probability"
    assert_close(result[0, 3:], torch.softmax(x[0, 3:], 0), "the mask disturbs the other entries")
    assert_close(result[1, :5], torch.softmax(x[1, :5], 0), "the mask disturbs the other entries")
    assert result[2, 0] == 1, "the only entry that is left is not certain"


def test_strided_view_gives_what_its_copy_gives():
    x = normal(5, 3, 4).transpose(0, 2)[:, :, ::2]
    assert_close(softmax(x, 1), torch.softmax(x.contiguous(), 1), "a strided view is misread")


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gradient_agrees_with_finite_differences(dim):
    x = normal(2, 3, 2, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: softmax(x, dim), (x,))


@pytest.mark.parametrize("dim", [0, 2])
def test_gradient_matches_pytorch_with_masks_and_large_logits(dim):
    x = normal(3, 4, 5, dtype=torch.float64, scale=30.0, seed=3)
    x[0, 1, 2] = x[1, 1, 0] = -math.inf
    x[:, 2, :] += 1000.0
    weights = normal(3, 4, 5, dtype=torch.float64, seed=4)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    (softmax(ours, dim) * weights).sum().backward()
    (torch.softmax(theirs, dim) * weights).sum().backward()
    assert_close(ours.grad, theirs.grad, "the gradient differs", rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_input_is_left_as_it_was(dtype):
    x = normal(3, 5, dtype=dtype)
    before = x.clone()
    softmax(x, 1)
    assert torch.equal(x, before)
