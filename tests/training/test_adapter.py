import math

import torch
from torch.nn import functional

from training.adapter import MOVE, Adapter, choices, symmetric, unlike


def test_the_loss_of_sure_and_right_scores_is_nothing() -> None:
    positives = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    assert symmetric(torch.eye(3) * 50, torch.eye(3)).item() < 1e-6
    # two right texts for the first picture: the best is to share, which costs the logarithm of two in the rows
    rows = functional.cross_entropy(positives * 50, torch.tensor([0, 1])).item()
    assert math.isclose(rows, math.log(2) / 2, abs_tol=1e-4)
    assert math.isclose(symmetric(positives * 50, positives).item(), math.log(2) / 4, abs_tol=1e-4)


def test_a_text_that_fits_no_view_costs_nothing() -> None:
    positives = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    scores = torch.tensor([[9.0, -9.0], [9.0, -9.0]])
    assert math.isclose(symmetric(scores, positives).item(), math.log(2) / 2, abs_tol=1e-3)


def test_unlike_is_nothing_for_a_line_and_two_for_its_mirror() -> None:
    wanted = torch.tensor([[1.0, 2.0, 5.0]])
    assert math.isclose(unlike(3 * wanted + 7, wanted).item(), 0.0, abs_tol=1e-6)
    assert math.isclose(unlike(-wanted, wanted).item(), 2.0, abs_tol=1e-6)


def test_only_a_class_s_own_concepts_are_drawn() -> None:
    members = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 1]])  # (concepts, classes)
    drawn = choices(members, torch.tensor([True, True, True]))
    of_first = drawn.draw(torch.zeros(200, dtype=torch.int64))
    assert set(of_first.tolist()) == {0, 1}
    assert choices(members, torch.tensor([True, False, True])).counts.tolist() == [1, 1, 1]


def test_a_sure_teacher_puts_the_picture_at_the_name() -> None:
    torch.manual_seed(0)
    adapter = Adapter(torch.zeros(1280), torch.ones(1280), torch.randn(1000, 384)).eval()
    logits = torch.zeros(4, 1000)
    logits[torch.arange(4), torch.tensor([3, 50, 700, 999])] = 60.0
    with torch.no_grad():
        seen, names = adapter.see(torch.rand(4, 1280), logits), adapter.read(adapter.names)
    assert torch.allclose(seen.norm(dim=1), torch.ones(4), atol=1e-5)
    cosines = (seen * names[[3, 50, 700, 999]]).sum(1)
    assert bool((cosines > math.sqrt(1 - MOVE**2)).all())  # what the features add is at most MOVE long
