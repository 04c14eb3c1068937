"""Descriptions on a real terminal: a line where those that fit end; what was not judged is no claim."""

import re

import pytest

pytest.importorskip("pty", reason="no pseudo terminals here")

from tests.cli.test_terminal import on_terminal

PROGRAM = """
import sys
from cli import context
from cli.main import main
from core.descriptions import Description, DescribeResult, Origin
from core.queries import Took
from tests.cli.parts import FakeLibrary

MATCHES = {"fit": (0.97, 0.6, 0.2), "none": (0.3, 0.1, 0.02), "all": (0.9, 0.8, 0.7), "unjudged": (None, None, None)}

class Describing(FakeLibrary):
    def describe(self, image, **options):
        matches = MATCHES[image.decode().removesuffix('.jpg')]
        described = tuple(
            Description(rank, f"text {rank}", Origin.LIBRARY, score=0.3, match=match)
            for rank, match in enumerate(matches, start=1)
        )
        return DescribeResult("p", described, "/l", "mini", None, "judge", 3, Took(total=10.0))

context.open_library = Describing().open
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("picture", "line_at"), [("fit", 2), ("none", 0), ("all", None), ("unjudged", None)])
def test_a_line_stands_where_those_that_fit_end(picture: str, line_at: int | None) -> None:
    code, seen = on_terminal("describe", f"{picture}.jpg", program=PROGRAM)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in seen.splitlines() if line.strip()]
    at = next((number for number, line in enumerate(lines) if "probably no match below" in line), None)
    assert (code, at) == (0, line_at)
    texts = [line.split() for line in lines if " text " in line]
    assert [words[-1] for words in texts] == ["1", "2", "3"]
    assert [any(word.endswith("%") for word in words) for words in texts] == [picture != "unjudged"] * 3
