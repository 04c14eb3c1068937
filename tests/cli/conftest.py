"""A fake library behind the commands, and a way to run one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import context
from cli.main import main
from tests.cli.parts import FakeLibrary


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Search = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's log folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    fake = FakeLibrary()
    monkeypatch.setattr(context, "open_library", fake.open)
    return fake


@pytest.fixture
def search(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Search:
    """Run `search …` in this process, in a pipe."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*argv: str) -> Ran:
        capfd.readouterr()
        code = main(argv)
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return run
