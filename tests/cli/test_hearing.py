"""What the encoders say: some of it always, all of it with `--verbose`."""

import logging

import pytest

from cli.console import all_said
from cli.hearing import encoders_heard

LOGGER = logging.getLogger("encoders")
INSIDE = logging.getLogger("encoders.graphs.towers")


def test_with_verbose_all_of_it_is_shown_once_on_stderr_and_only_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(LOGGER.handlers), LOGGER.level, LOGGER.propagate
    for _ in range(2):
        with all_said(verbose=True):
            INSIDE.debug("texts are encoded by torch: no graph, since %s", "it is a test")
            logging.getLogger("another").debug("not shown")
        INSIDE.debug("too late")
    with all_said(verbose=False):
        INSIDE.debug("not asked for")
    assert capsys.readouterr() == ("", 2 * "texts are encoded by torch: no graph, since it is a test\n")
    assert (LOGGER.handlers, LOGGER.level, LOGGER.propagate) == before


def test_only_what_takes_long_is_told_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    with encoders_heard(heard.append):
        INSIDE.info("preparing %s for this computer, which is done once", "mini")
        INSIDE.debug("texts are encoded by an exported graph")
    INSIDE.info("later")
    assert heard == ["preparing mini for this computer, which is done once"]
    assert capsys.readouterr() == ("", "")
