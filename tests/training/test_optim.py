import torch
from torch import nn

from training.optim import Muon, one_cycle, optimizers_for, orthogonal


def test_an_update_has_singular_values_near_one() -> None:
    for shape in ((48, 16), (16, 48), (32, 32)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        values = torch.linalg.svdvals(orthogonal(matrix))
        assert values.min() > 0.5
        assert values.max() < 1.3


def test_muon_finds_a_linear_map() -> None:
    torch.manual_seed(0)
    wanted, layer = torch.randn(8, 8), nn.Linear(8, 8, bias=False)
    optimizer = Muon(layer.parameters(), lr=0.05, weight_decay=0.0)
    inputs = torch.randn(256, 8)
    first = last = 0.0
    for step in range(300):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * one_cycle(step / 300)
        loss = (layer(inputs) - inputs @ wanted.T).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = first or loss.item(), loss.item()
    assert last < 1e-3 * first


def test_every_parameter_has_one_optimizer_and_matrices_have_muon() -> None:
    model = nn.ModuleDict({"trunk": nn.Linear(4, 4), "head": nn.Linear(4, 2), "norm": nn.LayerNorm(4)})
    muon, rest = optimizers_for(model, lr=0.1, matrix_lr=0.2, weight_decay=0.0)
    inner = [parameter for group in muon.param_groups for parameter in group["params"]]
    others = [parameter for group in rest.param_groups for parameter in group["params"]]
    assert [parameter is model["trunk"].weight for parameter in inner] == [True]
    assert {id(one) for one in (*inner, *others)} == {id(one) for one in model.parameters()}
    assert len(inner) + len(others) == len(list(model.parameters()))


def test_the_rate_goes_up_then_down_to_nothing() -> None:
    rates = [one_cycle(done / 1000) for done in range(1001)]
    top = rates.index(max(rates))
    assert rates[0] == 0
    assert abs(rates[-1]) < 1e-9
    assert abs(max(rates) - 1) < 1e-3
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
