"""What was measured: as dataclasses, as JSON, and as the Markdown of the model card. Measures nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

from training.measures import Share


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Text to image: each caption looks for its own picture. `recall` by k."""

    pictures: int
    recall: Mapping[int, Share]
    median_rank: float


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """Pictures named, with one of `names` names. The teacher sees the very same small pictures.

    Attributes:
        names: how many to choose from.
        right: the right name is among the first k, by k.
        teacher_right: the same for the teacher.
        agreement: what the teacher names first is among the model's first k, by k; whatever is right.
    """

    names: int
    right: Mapping[int, Share]
    teacher_right: Mapping[int, Share]
    agreement: Mapping[int, Share]


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it, for one model."""

    model: str
    retrieval: Retrieval
    zero_shot: ZeroShot


def plain(part: object) -> object:
    """Whatever of the above, as JSON can hold it; a Share with its value and interval."""
    if isinstance(part, Share):
        return {"value": part.value, "interval_95": part.interval, "hits": part.hits, "of": part.of}
    if is_dataclass(part):
        return {field.name: plain(getattr(part, field.name)) for field in fields(part)}
    if isinstance(part, Mapping):
        return {str(key): plain(value) for key, value in part.items()}
    return part


def markdown(figures: Figures) -> str:
    """The tables of the model card."""
    return "\n".join([*_retrieval(figures.retrieval), "", *_zero_shot(figures.zero_shot)]) + "\n"


def _retrieval(found: Retrieval) -> list[str]:
    queries = next(iter(found.recall.values())).of
    return [
        f"Text to image: {queries} captions, each looking for its own picture among {found.pictures} (Flickr8k):",
        "",
        *_table([f"R@{k}" for k in found.recall] + ["median rank"]),
        _row([f"{share.value:.3f}" for share in found.recall.values()] + [f"{found.median_rank:g}"]),
    ]


def _zero_shot(named: ZeroShot) -> list[str]:
    pictures, all_pictures = (next(iter(shares.values())).of for shares in (named.right, named.agreement))
    return [
        f"Zero-shot: one of {named.names} ImageNet names for {pictures} pictures (95 % interval); and how often the "
        f"teacher's first name is among the model's first, over all {all_pictures} pictures held out:",
        "",
        *_table(["", *(f"top-{k}" for k in named.right)]),
        _row(["this model", *map(_spread, named.right.values())]),
        _row(["its teacher, same pictures", *map(_spread, named.teacher_right.values())]),
        _row(["agreement", *map(_spread, named.agreement.values())]),
    ]


def _spread(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.3f} ({low:.2f} to {high:.2f})"


def _table(heads: list[str]) -> list[str]:
    return [_row(heads), _row(["---"] * len(heads))]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
