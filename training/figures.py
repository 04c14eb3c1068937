"""What was measured, as dataclasses, as JSON and as the Markdown of the model card. Measures nothing itself."""

from dataclasses import asdict, dataclass

from training.measures import Share


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Text to image: each caption looks for its own picture."""

    pictures: int
    recall: dict[int, Share]  # by k
    median_rank: float


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """Pictures named with one of `names` names. The teacher sees the same small pictures."""

    names: int
    prompt: str
    right: dict[int, Share]  # by k
    teacher_right: dict[int, Share]
    teacher_crop: float
    agreement: dict[int, Share]  # the name the teacher gives first is among the student's first k


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it, for one model."""

    model: str
    retrieval: Retrieval
    zero_shot: ZeroShot

    def as_dict(self) -> dict[str, object]:
        """For JSON; every Share with its value and interval."""
        return {name: _plain(part) for name, part in ((name, getattr(self, name)) for name in self.__slots__)}

    def markdown(self) -> str:
        """Tables, each with a line that says what was measured."""
        return "\n".join([*_retrieval(self.retrieval), "", *_zero_shot(self.zero_shot)]) + "\n"


def _plain(part: object) -> object:
    if isinstance(part, Share):
        return {"value": part.value, "hits": part.hits, "of": part.of, "interval": part.interval}
    if isinstance(part, dict):
        return {str(key): _plain(value) for key, value in part.items()}
    if isinstance(part, Retrieval | ZeroShot):
        return {name: _plain(getattr(part, name)) for name in part.__slots__}
    return part
