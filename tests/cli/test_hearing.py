"""What the encoders say: some of it always, all of it with `--verbose`."""

import logging

import pytest

from cli.hearing import hear_encoders, told_of_preparing


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


def test_only_what_takes_long_is_told_unasked_and_only_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    logger = logging.getLogger("encoders")
    before = list(logger.handlers), logger.level, logger.propagate
    with told_of_preparing(heard.append):
        logging.getLogger("encoders.graphs.towers").info("preparing %s for this computer, which is done once", "mini")
        logging.getLogger("encoders.graphs.towers").debug("texts are encoded by an exported graph")
    assert (logger.handlers, logger.level, logger.propagate) == before
    logging.getLogger("encoders.graphs.towers").info("later")
    assert heard == ["preparing mini for this computer, which is done once"]
    assert capsys.readouterr() == ("", "")
