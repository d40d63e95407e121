"""Validates `cross_entropy`, against PyTorch's and values worked out by hand."""

import math

import pytest
import torch
from torch.nn import functional

from cs336_basics.nn_utils import cross_entropy

BATCH_SHAPES = [(), (1,), (6,), (2, 3), (4, 1), (2, 3, 4)]


def sample(batch_shape, classes, dtype=torch.float32, scale=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(*batch_shape, classes, generator=generator, dtype=torch.float64)
    targets = torch.randint(classes, batch_shape, generator=generator)
    return (scale * logits).to(dtype), targets


def by_pytorch(logits, targets):
    return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


def assert_close(actual, expected, what, rtol=1e-5, atol=1e-6):
    expected = torch.as_tensor(expected, dtype=actual.dtype)
    torch.testing.assert_close(
        actual, expected, rtol=rtol, atol=atol, msg=lambda details: f"{what}\n{details}"
    )


@pytest.mark.parametrize("batch_shape", BATCH_SHAPES, ids=str)
def test_matches_pytorch_for_any_batch_shape(batch_shape):
    logits, targets = sample(batch_shape, classes=11, scale=2.0)
    loss = cross_entropy(logits, targets)
    assert loss.shape == ()
    assert_close(loss, by_pytorch(logits, targets), f"the loss of batch shape {batch_shape} differs")


@pytest.mark.parametrize("classes", [1, 2, 1000])
def test_equal_logits_cost_the_log_of_the_number_of_classes(classes):
    _, targets = sample((3, 4), classes)
    logits = torch.full((3, 4, classes), 0.7)
    assert_close(cross_entropy(logits, targets), math.log(classes), "equal logits")


def test_two_tokens_are_averaged():
    logits = torch.tensor([[1.0, 3.0], [6.0, 4.0]]).log()
    expected = -(math.log(1 / 4) + math.log(6 / 10)) / 2
    assert_close(cross_entropy(logits, torch.tensor([0, 0])), expected, "the mean of two tokens")


def test_repeating_the_batch_changes_nothing():
    logits, targets = sample((2, 3), classes=5)
    once = cross_entropy(logits, targets)
    again = cross_entropy(logits.repeat(4, 3, 1), targets.repeat(4, 3))
    assert_close(again, once, "the loss depends on the size of the batch")


@pytest.mark.parametrize(("offset", "atol"), [(100.0, 1e-4), (-120.0, 1e-4), (1e4, 5e-3)])
def test_common_offset_changes_nothing(offset, atol):
    logits, targets = sample((4,), classes=5)
    loss = cross_entropy(logits + offset, targets)
    assert_close(loss, by_pytorch(logits, targets), f"an offset of {offset} shows", atol=atol)


def test_rows_of_very_different_size_do_not_disturb_each_other():
    row = torch.tensor([0.0, 1.0, 2.0])
    logits = torch.stack([row, row + 2000.0, row - 2000.0])
    targets = torch.tensor([0, 1, 2])
    expected = by_pytorch(logits.double(), targets)
    assert_close(cross_entropy(logits, targets), expected, "far apart rows", atol=5e-3)


@pytest.mark.parametrize("gap", [50.0, 200.0, 1e4])
def test_unlikely_target_costs_its_distance_from_the_best_class(gap):
    logits = torch.tensor([[gap, 0.0, 0.0], [0.0, -gap, 0.0]])
    expected = (gap + gap + math.log(2)) / 2
    loss = cross_entropy(logits, torch.tensor([1, 1]))
    assert_close(loss, expected, "the loss of an unlikely target is off")


@pytest.mark.parametrize("gap", [50.0, 200.0, 1e4])
def test_gradient_of_an_unlikely_target_stays_at_full_strength(gap):
    logits = torch.tensor([[gap, 0.0, -gap]], requires_grad=True)
    cross_entropy(logits, torch.tensor([2])).backward()
    expected = [[1.0, 0.0, -1.0]]
    assert_close(logits.grad, expected, "the gradient of an unlikely target is off")


@pytest.mark.parametrize("gap", [50.0, 1e4])
def test_certain_and_right_costs_nothing(gap):
    logits = torch.tensor([[0.0, gap, 0.0]])
    assert_close(cross_entropy(logits, torch.tensor([1])), 0.0, "a certain token costs something")


def test_masked_classes_take_no_part():
    logits, targets = sample((4,), classes=6)
    targets %= 3
    masked = logits.clone()
    masked[:, 3:] = -math.inf
    masked.requires_grad_()
    loss = cross_entropy(masked, targets)
    assert_close(loss, by_pytorch(logits[:, :3], targets), "masked classes change the loss")
    loss.backward()
    assert (masked.grad[:, 3:] == 0).all(), "masked classes have a gradient"
    assert masked.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_half_precision_logits_give_the_loss_in_float32(dtype):
    logits, targets = sample((8, 16), classes=50, dtype=dtype, scale=4.0)
    loss = cross_entropy(logits, targets)
    assert loss.dtype == torch.float32
    assert_close(loss, by_pytorch(logits.float(), targets), "half precision shows in the loss")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_half_precision_logits_at_the_end_of_their_range(dtype):
    logits = torch.tensor([[60_000.0, -60_000.0], [60_000.0, 60_000.0]], dtype=dtype)
    gap = logits[0, 0].item() - logits[0, 1].item()
    loss = cross_entropy(logits, torch.tensor([1, 0]))
    assert_close(loss, (gap + math.log(2)) / 2, "logits at the end of the range overflow")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["half", "bfloat16"])
def test_vocabulary_larger_than_the_largest_half_is_no_problem(dtype):
    logits = torch.full((2, 70_000), 15.0, dtype=dtype)
    loss = cross_entropy(logits, torch.tensor([0, 69_999]))
    assert_close(loss, math.log(70_000), "70000 equally likely classes")


def test_half_precision_logits_get_a_gradient_of_their_own_dtype():
    logits, targets = sample((5,), classes=7, dtype=torch.bfloat16)
    wide = logits.float().requires_grad_()
    logits.requires_grad_()
    cross_entropy(logits, targets).backward()
    by_pytorch(wide, targets).backward()
    assert logits.grad.dtype == torch.bfloat16
    assert_close(logits.grad.float(), wide.grad, "the gradient differs", rtol=2**-7)


def test_float64_keeps_its_precision():
    logits, targets = sample((5, 4), classes=9, dtype=torch.float64, scale=4.0)
    loss = cross_entropy(logits, targets)
    assert loss.dtype == torch.float64
    assert_close(loss, by_pytorch(logits, targets), "float64 is not kept", rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("batch_shape", BATCH_SHAPES, ids=str)
def test_gradient_matches_pytorch(batch_shape):
    logits, targets = sample(batch_shape, classes=7, dtype=torch.float64, scale=5.0)
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    cross_entropy(ours, targets).backward()
    by_pytorch(theirs, targets).backward()
    assert_close(ours.grad, theirs.grad, "the gradient differs", rtol=1e-9, atol=1e-12)


def test_gradient_agrees_with_finite_differences():
    logits, targets = sample((2, 3), classes=4, dtype=torch.float64)
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda logits: cross_entropy(logits, targets), (logits,))


def test_strided_views_give_what_their_copies_give():
    logits, targets = sample((5, 3), classes=4)
    logits, targets = logits.transpose(0, 1), targets.t()
    expected = by_pytorch(logits.contiguous(), targets.contiguous())
    assert_close(cross_entropy(logits, targets), expected, "strided views are misread")


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_inputs_are_left_as_they_were(dtype):
    logits, targets = sample((3, 5), classes=4, dtype=dtype)
    before = logits.clone(), targets.clone()
    cross_entropy(logits, targets)
    assert torch.equal(logits, before[0])
    assert torch.equal(targets, before[1])
