"""Which model to begin with: the one asked for, else the default, else the one that is built in.

Nothing is downloaded unasked. Where nobody named a model and the default's weights are not here, a few pictures go
ahead with the built-in model and say so; many are worth a decision, and wait for it. Asking a person is for those who
have one (the command line); finding and loading weights is `encoders`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import WeightsMissing
from core.notices import notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.protocols import Encoder

FEW = 2_000
"""Pictures. Fewer are embedded anew with a better model within about a minute on two cores (35 a second with ViT-B-32),
so that beginning with the small one costs nothing."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model to begin with."""

    encoder: Encoder
    notice: str = ""  # what to tell people of it; empty where it is the model they expect


@dataclass(frozen=True, slots=True)
class Wish:
    """Which model somebody would like."""

    asked: str | None  # by name; None: nobody said
    default: str  # where nobody did

    @property
    def undecided(self) -> bool:
        """True where nobody named a model and the default's weights are not here. Looks for files, loads nothing."""
        from encoders import find_model, weights_cached

        return self.asked is None and not weights_cached(find_model(self.default))


def choose(
    named: Callable[[str], Encoder], wish: Wish, *, pictures: int, change: Literal["use", "pull"] = "use"
) -> Chosen:
    """The model to begin with, its weights found.

    Args:
        named: gives the encoder of a name, or raises WeightsMissing.
        wish: what was asked for.
        pictures: how many there are; beyond FEW it does not matter how many.
        change: the `search models` command that later brings the default model.

    Raises:
        WeightsMissing: the model asked for, or the default for many pictures; names the ways out.
        UnknownModel, DeviceError: the model cannot be used.
    """
    from encoders import BUILT_IN, is_built_in

    wanted = wish.asked or wish.default
    try:
        return Chosen(named(wanted))
    except WeightsMissing as missing:
        if is_built_in(wanted):
            raise
        if wish.asked is not None or pictures >= FEW:
            instead = f"{missing}, or use --model {BUILT_IN}, which is built in"
            raise WeightsMissing(instead, fetchable=missing.fetchable, why=missing.why) from missing
        return Chosen(named(BUILT_IN), _notice(wish.default, missing.why, f"`search models {change} {wish.default}`"))


def _notice(default: str, why: str, command: str) -> str:
    from encoders import BUILT_IN, find_model

    if why:
        return notice("model_not_to_be_had", why=why, built_in=BUILT_IN, command=command)
    megabytes = f"{find_model(default).download_bytes / 1e6:,.0f}"
    return notice("model_built_in", built_in=BUILT_IN, model=default, command=command, megabytes=megabytes)
