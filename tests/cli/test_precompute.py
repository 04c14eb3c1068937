"""What `search models precompute` says at its end."""

import pytest

from cli.precompute import _line, _show
from core.errors import ProblemKind
from core.indexing import Problem
from semantic_image_search.precompute import PrecomputeReport


def test_all_are_seen_only_where_none_is_out_of_reach() -> None:
    assert _line(PrecomputeReport(reranker="one", seen=0, known=23)) == "one has seen all 23 pictures before"
    told = _line(PrecomputeReport(reranker="one", seen=0, known=23, away=93))
    assert "all" not in told
    assert "23 known before, 93 out of reach" in told


def test_what_it_could_not_read_is_listed_where_it_is_to_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    """`search status` knows nothing of it: the pictures were read when they were indexed."""
    problems = tuple(Problem(b"/pictures/%d.png" % n, ProblemKind.VANISHED, "there is no such file") for n in range(9))
    _show(PrecomputeReport(reranker="one", seen=0, known=0, problems=problems), as_json=False)
    told = capsys.readouterr().err
    assert "--json shows all" in told
    assert "search status" not in told
