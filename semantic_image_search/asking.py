"""`Library.ask`: questions about one picture, answered by a model. Which model is `second_stage`'s."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING

from core.descriptions import Answered, AskResult
from core.errors import UsageError
from core.paths import absolute, display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semantic_image_search.library.opened import OpenedLibrary
    from semantic_image_search.queries import PictureLike


def ask_picture(library: OpenedLibrary, image: PictureLike, questions: Sequence[str]) -> AskResult:
    """Carry it out; see `Library.ask`."""
    from media import picture_size
    from semantic_image_search.queries import fitted

    asked = [" ".join(question.split()) for question in questions]
    if not asked or not all(asked):
        raise UsageError("there is no question: say what you want to know of the picture")
    name = "a picture"
    if isinstance(image, str | bytes | os.PathLike):
        name = display(absolute(image))
        picture_size(absolute(image))  # before anybody is asked to fetch a model for what is no picture
    started = perf_counter()
    answerer = library.second_stage.answerer()
    pixels = fitted(image, answerer.info.preprocess)
    answers = answerer.answer(pixels, asked)
    return AskResult(
        picture=name,
        model=answerer.info.name,
        answers=tuple(Answered(question, answer) for question, answer in zip(asked, answers, strict=True)),
        took_ms=1000 * (perf_counter() - started),
    )
