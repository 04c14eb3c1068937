"""What the encoders say, with `--verbose`."""

import logging

import pytest

from cli.hearing import hear_encoders


def test_what_the_encoders_say_is_shown_once_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("encoders")
    for name in ("handlers", "level", "propagate"):
        monkeypatch.setattr(logger, name, getattr(logger, name))
    hear_encoders()
    hear_encoders()
    logging.getLogger("encoders.graphs.towers").debug("texts are encoded by torch: no graph, since %s", "it is a test")
    logging.getLogger("another").debug("not shown")
    assert capsys.readouterr() == ("", "texts are encoded by torch: no graph, since it is a test\n")
