"""The guard lets through what is quick, and only that: a program that has become slow makes it fail."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import guard as guarding
from benchmarks.guard import CHECKS, Check, guard, judge
from benchmarks.guarded import SEARCH, times_the_cpu

NOTHING = (sys.executable, "-c", "pass")


def giving(*ratios: float) -> Callable[[Path], float]:
    left: Iterator[float] = iter(ratios)
    return lambda _scratch: next(left)


def check(*ratios: float, name: str = "made up") -> Check:
    return Check(name, "one thing / another", 2.0, giving(*ratios))


@pytest.mark.parametrize(
    ("ratios", "counts", "passed"), [((1.5,), 1.5, True), ((9.0, 1.9), 1.9, True), ((9.0, 2.1), 2.1, False)]
)
def test_what_is_over_its_limit_is_measured_once_more(ratios: tuple[float, ...], counts: float, passed: bool) -> None:
    verdict = judge(check(*ratios))
    assert (verdict.ratio, verdict.passed) == (counts, passed)


def test_one_ratio_over_its_limit_fails_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert guard([check(1.0, name="quick"), check(3.0, 3.5, name="slow"), check(1.0, name="last")]) == 1
    told = capsys.readouterr()
    assert [line.split()[:2] for line in told.out.splitlines()] == [["ok", "quick"], ["TOO", "SLOW"], ["ok", "last"]]
    assert "slower than allowed: slow;" in told.err
    assert guard([check(1.0)]) == 0


def test_what_cannot_be_measured_here_is_left_out_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert guard([replace(check(9.0, 9.0, name="elsewhere"), only_on="plan9")]) == 0
    assert capsys.readouterr().out == "left out elsewhere: it can be measured on plan9 only\n"


def test_a_help_page_that_loads_a_database_would_be_noticed() -> None:
    limit = next(one.limit for one in CHECKS if one.name == "help")
    heavy = (sys.executable, "-c", "import sqlalchemy, faiss; from cli.main import main; main(['--help'])")
    assert times_the_cpu(heavy, rounds=2, beside=NOTHING) > limit
    assert times_the_cpu((*SEARCH, "--help"), rounds=3, beside=NOTHING) <= limit


def test_each_check_can_be_run_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(guarding, "CHECKS", (check(1.0, name="first"), check(5.0, 5.0, name="second")))
    monkeypatch.setattr(sys, "argv", ["guard", "--only", "second"])
    assert guarding.main() == 1
    assert "first" not in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["guard", "--only", "third"])
    with pytest.raises(SystemExit) as stopped:
        guarding.main()
    assert stopped.value.code == 2
