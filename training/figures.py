"""What was measured: as dataclasses, as JSON, and as the Markdown of the model card. Measures nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

from training.everyday_words import TARGETS
from training.measures import Share

ENOUGH = 10  # relevant pictures, for a precision@10 to be called so


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
class Found:
    """What one word found.

    Attributes:
        relevant: how many pictures it is true of.
        judged: among how many.
        precision: of its first 10; of its first R where only R < 10 are relevant; None where none is.
    """

    relevant: int
    judged: int
    precision: float | None


@dataclass(frozen=True, slots=True)
class FoundWords:
    """What each word found, and the mean precision@10 of the `counted` words that have ten relevant pictures."""

    words: Mapping[str, Found]
    counted: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class OtherKind:
    """The same on CIFAR-10's pictures, and what the recorded vectors of CLIP ViT-B/32 find there."""

    own: FoundWords
    clip: FoundWords


@dataclass(frozen=True, slots=True)
class Cost:
    """Time of one thread of the processor, and size of the model's folder."""

    seconds_per_picture: float
    seconds_per_text: float
    size_bytes: int
    processor: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it, for one model."""

    model: str
    retrieval: Retrieval
    zero_shot: ZeroShot
    everyday: FoundWords
    other_kind: OtherKind
    cost: Cost


def found_words(words: Mapping[str, Found]) -> FoundWords:
    """With their mean."""
    counted = [one.precision for one in words.values() if one.precision is not None and one.relevant >= ENOUGH]
    return FoundWords(words, len(counted), sum(counted) / len(counted) if counted else None)


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
    parts = (
        _retrieval(figures.retrieval),
        _zero_shot(figures.zero_shot),
        _everyday(figures.everyday),
        _other_kind(figures.other_kind),
        _cost(figures.cost),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _retrieval(found: Retrieval) -> list[str]:
    queries = next(iter(found.recall.values())).of
    return [
        f"Text to image: {queries} captions, each looking for its own picture among {found.pictures} (Flickr8k).",
        "",
        *_heads([f"R@{k}" for k in found.recall] + ["median rank"]),
        _row([f"{share.value:.3f}" for share in found.recall.values()] + [f"{found.median_rank:g}"]),
    ]


def _zero_shot(named: ZeroShot) -> list[str]:
    pictures, everything = (next(iter(shares.values())).of for shares in (named.right, named.agreement))
    return [
        (
            f"Zero-shot: one of {named.names} ImageNet names for {pictures} pictures, with the 95 % interval. "
            "Agreement: the teacher's first name is among the model's first 1 or 5, "
            f"over all {everything} pictures held out."
        ),
        "",
        *_heads(["", *(f"top-{k}" for k in named.right)]),
        _row(["this model", *map(_spread, named.right.values())]),
        _row(["its teacher, same pictures", *map(_spread, named.teacher_right.values())]),
        _row(["agreement", *map(_spread, named.agreement.values())]),
    ]


def _everyday(found: FoundWords) -> list[str]:
    others = sorted(found.words.keys() - set(TARGETS), key=lambda word: (-(found.words[word].precision or 0.0), word))
    return [
        (
            f"Everyday words: mean precision@10 {_value(found.mean)} over the {found.counted} of {len(found.words)} "
            "words with ten relevant pictures or more; precision@R in brackets where a word has only R < 10."
        ),
        "",
        *_heads(["", *TARGETS]),
        _row(["precision@10", *(_precision(found.words[word]) for word in TARGETS)]),
        _row(["relevant", *(str(found.words[word].relevant) for word in TARGETS)]),
        _row(["judged", *(str(found.words[word].judged) for word in TARGETS)]),
        "",
        "The others: " + ", ".join(f"{word} {_precision(found.words[word])}" for word in others) + ".",
    ]


def _other_kind(found: OtherKind) -> list[str]:
    words = list(found.own.words)
    return [
        "Pictures of another kind: 500 of CIFAR-10's test pictures (32 x 32 pixels), precision@10.",
        "",
        *_heads(["", *words, "mean"]),
        _row(["this model", *(_precision(found.own.words[word]) for word in words), _value(found.own.mean)]),
        _row(["CLIP ViT-B/32", *(_precision(found.clip.words[word]) for word in words), _value(found.clip.mean)]),
    ]


def _cost(cost: Cost) -> list[str]:
    return [
        (
            f"One thread of an {cost.processor}: {cost.seconds_per_picture * 1000:.1f} ms a picture, "
            f"{cost.seconds_per_text * 1000:.1f} ms a text. On disk: {cost.size_bytes / 1e6:.1f} MB."
        )
    ]


def _precision(found: Found) -> str:
    shown = _value(found.precision)
    return shown if found.relevant >= ENOUGH else f"({shown} of {found.relevant})"


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _spread(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.3f} ({low:.2f} to {high:.2f})"


def _heads(heads: list[str]) -> list[str]:
    return [_row(heads), _row(["---"] * len(heads))]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
