"""What the pictures' classes are called, and what those things are: names, synonyms, and wider words from WordNet.

"animal", "dog" and "golden retriever" shall all find the retriever. A concept is a way of saying something, and the
classes it is true of. Reads Debian's package `wordnet` (WordNet 3.0; the offsets of its nouns are ImageNet's ids).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

WORDNET = Path("/usr/share/wordnet")
ANIMAL, ARTIFACT, FOOD, PLANT = 5, 6, 13, 20  # WordNet's lexicographer files
# Words so wide that they say nothing of a picture.
TOO_WIDE = frozenset({
    "entity", "physical entity", "object", "physical object", "whole", "unit", "living thing", "animate thing",
    "organism", "being", "matter", "abstraction", "abstract entity", "thing", "causal agent", "cause",
    "causal agency", "artefact", "artifact", "instrumentality", "instrumentation", "psychological feature",
    "attribute", "group", "grouping", "relation", "event", "act", "deed", "chordate", "craniate", "vertebrate",
    "placental", "placental mammal", "eutherian", "eutherian mammal", "part", "portion", "piece", "substance",
})  # fmt: skip
# Caltech's names that WordNet has under another one, or not at all.
CALTECH_SYNSETS = {
    "airplanes": "airplane", "motorbikes": "motorcycle", "faces": "face", "faces easy": "face", "leopards": "leopard",
    "car side": "car", "cougar face": "cougar", "cougar body": "cougar", "crocodile head": "crocodile",
    "flamingo head": "flamingo", "water lilly": "water lily", "inline skate": "in-line skate", "gerenuk": "gazelle",
    "hawksbill": "hawksbill turtle", "dollar bill": "dollar", "cellphone": "cellular telephone",
    "wild cat": "wildcat", "headphone": "earphone", "binocular": "binoculars", "brontosaurus": "apatosaur",
    "rhino": "rhinoceros", "sea horse": "seahorse", "barrel": "cask",
}  # fmt: skip
# WordNet's commonest meaning is another one: a glass, a president, a porcupine, a tool's surface.
CALTECH_WITHOUT_SYNSET = frozenset({
    "schooner", "garfield", "snoopy", "hedgehog", "faces", "faces easy", "brain", "buddha", "stop sign",
    "yin yang", "dolphin",
})  # fmt: skip
CALTECH_EXTRA = {
    "faces": ("person", "man", "woman", "portrait", "human face", "someone looking at the camera"),
    "faces easy": ("person", "human face", "portrait", "someone's face"),
    "airplanes": ("airplane", "plane", "aeroplane", "aircraft", "jet"),
    "car side": ("car", "a car from the side", "automobile"),
    "motorbikes": ("motorbike", "motorcycle", "vehicle"),
    "buddha": ("buddha", "buddha statue", "sculpture", "statue"),
    "garfield": ("garfield", "cartoon cat", "cartoon", "drawing"),
    "snoopy": ("snoopy", "cartoon dog", "cartoon", "drawing"),
    "yin yang": ("yin yang", "symbol", "black and white symbol"),
    "stop sign": ("stop sign", "traffic sign", "red sign"),
    "soccer ball": ("soccer ball", "football", "ball"),
    "gerenuk": ("gerenuk", "antelope", "gazelle"),
    "sunflower": ("sunflower", "flower", "yellow flower"),
    "lotus": ("lotus", "flower"),
    "water lilly": ("water lily", "flower"),
    "bass": ("bass", "fish"),
    "dollar bill": ("dollar bill", "money", "banknote"),
    "cellphone": ("cellphone", "mobile phone", "phone"),
    "crab": ("crab", "animal"),
    "dolphin": ("dolphin", "sea animal", "animal", "mammal"),
    "brain": ("brain", "human brain"),
    "hedgehog": ("hedgehog", "animal", "mammal"),
    "ketch": ("ketch", "sailboat", "boat", "ship"),
    "schooner": ("schooner", "sailing ship", "boat", "ship"),
    "ferry": ("ferry", "boat", "ship"),
}


@dataclass(frozen=True, slots=True)
class Synset:
    """A meaning: the words for it, best known first, its gloss, and the meanings above it."""

    offset: int
    field: int  # WordNet's lexicographer file
    words: tuple[str, ...]
    gloss: str
    above: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """A way of saying something and the classes it is true of."""

    text: str
    classes: frozenset[str]
    wide: bool  # a hypernym, not one of the class's own names


class WordNet:
    """The nouns of WordNet."""

    def __init__(self, folder: Path = WORDNET) -> None:
        self._folder = folder

    @cached_property
    def synsets(self) -> Mapping[int, Synset]:
        """Every noun's meanings by offset."""
        with (self._folder / "data.noun").open(encoding="utf-8") as lines:
            return {one.offset: one for one in map(_synset, (line for line in lines if line[0] != " "))}

    @cached_property
    def _senses(self) -> Mapping[str, tuple[int, ...]]:
        """A word's meanings, commonest first."""
        found = {}
        with (self._folder / "index.noun").open(encoding="utf-8") as lines:
            for line in lines:
                if line[0] != " ":
                    cells = line.split()
                    found[cells[0].replace("_", " ")] = tuple(int(cell) for cell in cells[-int(cells[2]) :])
        return found

    def meaning(self, word: str) -> Synset | None:
        """The commonest meaning of a word that is an animal, else a thing, food or plant, else its commonest one."""
        senses = [self.synsets[offset] for offset in self._senses.get(word.lower(), ())]
        for fields in ({ANIMAL}, {ARTIFACT, FOOD, PLANT}):
            for sense in senses:
                if sense.field in fields:
                    return sense
        return senses[0] if senses else None

    def named(self, names: Sequence[str]) -> Synset | None:
        """The meaning that has just these words: how ImageNet's labels are written."""
        for offset in self._senses.get(names[0].lower(), ()):
            if {word.lower() for word in self.synsets[offset].words} == {name.lower() for name in names}:
                return self.synsets[offset]
        return self.meaning(names[0])

    def all_above(self, synset: Synset) -> Iterator[Synset]:
        """Every meaning above this one, near ones first."""
        seen, waiting = {synset.offset}, list(synset.above)
        while waiting:
            offset = waiting.pop(0)
            if offset not in seen:
                seen.add(offset)
                yield self.synsets[offset]
                waiting.extend(self.synsets[offset].above)


def imagenet_names(labels_file: Path) -> list[tuple[str, ...]]:
    """The names of the teacher's 1,000 classes, without its first one, "background"."""
    lines = labels_file.read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(name.strip() for name in line.split(",")) for line in lines]


def imagenet_class(number: int) -> str:
    """What a class of the teacher is called in `Concept.classes`; its names are not unique (crane, maillot)."""
    return f"imagenet {number}"


def concepts(labels_file: Path, caltech: Sequence[str]) -> list[Concept]:
    """Every name and wider word for the teacher's classes and Caltech's, each once, with all it is true of."""
    wordnet, own, wide = WordNet(), dict[str, set[str]](), dict[str, set[str]]()
    for number, names in enumerate(imagenet_names(labels_file)):
        _collect(imagenet_class(number), names, wordnet.named(names), wordnet, (own, wide))
    for label in caltech:
        name = CALTECH_SYNSETS.get(label, label)
        synset = None if label in CALTECH_WITHOUT_SYNSET else wordnet.meaning(name)
        called = tuple(dict.fromkeys((name, label, *CALTECH_EXTRA.get(label, ()))))
        _collect(label, called, synset, wordnet, (own, wide))
    texts = sorted(own.keys() | wide.keys())
    return [
        Concept(text, frozenset(own.get(text, set()) | wide.get(text, set())), wide=text not in own) for text in texts
    ]


def _collect(
    label: str,
    names: Sequence[str],
    synset: Synset | None,
    wordnet: WordNet,
    into: tuple[dict[str, set[str]], dict[str, set[str]]],
) -> None:
    own, wide = into
    for name in names:
        own.setdefault(name.lower(), set()).add(label)
    if synset is None:
        return
    for above in wordnet.all_above(synset):
        for word in above.words:
            if word.lower() not in TOO_WIDE and not word[0].isupper():
                wide.setdefault(word.lower(), set()).add(label)


def _synset(line: str) -> Synset:
    """One line of data.noun, as wndb(5) describes it."""
    cells, _, gloss = line.partition(" | ")
    parts = cells.split()
    count = int(parts[3], 16)
    words = tuple(parts[4 + 2 * number].replace("_", " ") for number in range(count))
    start = 5 + 2 * count
    pointers = [parts[start + 4 * number : start + 4 * number + 4] for number in range(int(parts[start - 1]))]
    above = tuple(int(offset) for symbol, offset, kind, _ in pointers if symbol in {"@", "@i"} and kind == "n")
    return Synset(int(parts[0]), int(parts[1]), words, gloss.split(";")[0].strip(), above)
