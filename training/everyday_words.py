"""Fifty everyday words and the held-out pictures each is true of: a table made by hand, by looking at the pictures.

A Caltech or ImageNet picture is judged by its class, a Flickr picture by the words of its five captions: one of them is
enough. Where a class shows a thing in some of its pictures only (a llama, with or without its keeper), nobody knows for
a given one: it is left out of that word's ranking rather than guessed (condensed lists; Sakai, 2007). Nothing is known
of Caltech's "background google", for any word. Captions do not tell all there is, so that what is measured is rather
too low than too high.
"""

import re
from dataclasses import dataclass

from training.data import Sample

TARGETS = ("dog", "cat", "car", "flower", "airplane", "person", "boat", "bird")
UNKNOWN_TO_ALL = "background google"


@dataclass(frozen=True, slots=True)
class Word:
    """What is typed, and what it is true of.

    Attributes:
        text: as typed.
        classes: of Caltech and ImageNet, all of whose pictures show it.
        said: words of a caption; one of them is enough.
        unknown: classes some of whose pictures show it.
    """

    text: str
    classes: frozenset[str]
    said: frozenset[str]
    unknown: frozenset[str]

    def judge(self, sample: Sample) -> bool | None:
        """Whether the picture shows it; None where that is not known."""
        if sample.captions:
            return not self.said.isdisjoint(re.findall(r"[a-z]+", " ".join(sample.captions).lower()))
        if sample.label in self.classes:
            return True
        return None if sample.label == UNKNOWN_TO_ALL or sample.label in self.unknown else False


def _classes(text: str) -> frozenset[str]:
    return frozenset(name for name in text.split(", ") if name)


def _word(text: str, classes: frozenset[str] | str = "", *, said: str = "", unknown: frozenset[str] | str = "") -> Word:
    classes, unknown = (_classes(each) if isinstance(each, str) else each for each in (classes, unknown))
    return Word(text, classes, frozenset(said.split()) or frozenset({text}), unknown - classes)


_DOGS = _classes("dalmatian, Shetland sheepdog")
_CATS = _classes("wild cat, Siamese cat")
_BIRDS = _classes(
    "pigeon, emu, flamingo, flamingo head, ibis, rooster, brambling, macaw, red-breasted merganser, European gallinule"
)
_INSECTS = _classes("ant, butterfly, dragonfly, mayfly, fly, cricket")
_REPTILES = _classes("hawksbill, crocodile, crocodile head, agama, brontosaurus, stegosaurus")
_SEA_ANIMALS = _classes(
    "crab, crayfish, lobster, dolphin, hawksbill, starfish, sea horse, nautilus, octopus, conch, trilobite, bass"
)
_ANIMALS = (
    _DOGS | _CATS | _BIRDS | _INSECTS | _REPTILES | _SEA_ANIMALS
    | _classes("leopards, cougar body, cougar face, llama, beaver, elephant, gerenuk, hedgehog, kangaroo, okapi, rhino")
    | _classes("platypus, panda, wallaby, zebra, water buffalo, three-toed sloth, squirrel monkey, indri, bullfrog")
    | _classes("scorpion, tick, black and gold garden spider, oxcart, garfield, snoopy")
)  # fmt: skip
_FLOWERS = _classes("sunflower, lotus, water lilly")
_SAILING = _classes("schooner, ketch")
_BOATS = _SAILING | {"ferry"}
_INSTRUMENTS = _classes("grand piano, accordion, electric guitar, euphonium, mandolin, saxophone, flute")
_ROAD = _classes("car side, motorbikes, motor scooter, tow truck, oxcart")
_VEHICLES = _ROAD | _BOATS | {"airplanes", "helicopter"}
_FACES = _classes("faces, faces easy")
# Somebody is seen in some of these, and not only as a dot.
_WITH_PEOPLE = _classes(
    "wheelchair, llama, accordion, saxophone, electric guitar, mandolin, elephant, stop sign, cellphone, buddha, oxcart"
)
_PEOPLE = _FACES | _classes("flute, football helmet, motor scooter, Polaroid camera, tub")
_OUTDOORS = (
    _DOGS | _CATS | _BIRDS | _FACES | _ROAD
    | _classes("airplanes, helicopter, leopards, cougar body, cougar face, llama, elephant, gerenuk, hedgehog")
    | _classes("kangaroo, okapi, rhino, wallaby, zebra, water buffalo, three-toed sloth, squirrel monkey, indri")
    | _classes("beaver, buddha, crocodile, wheelchair, schooner, ketch, ferry, minaret, pagoda, pyramid, obelisk")
    | _classes("butterfly, safety pin, dock, windsor chair, joshua tree, octopus, umbrella, chair, cash machine")
    | _classes("stop sign, cannon")
)  # fmt: skip
_MEN, _WOMEN = "man men male guy guys gentleman", "woman women lady ladies female"
_BOYS, _GIRLS = "boy boys", "girl girls"
_CHILDREN = f"child children kid kids toddler toddlers baby infant {_BOYS} {_GIRLS}"
_SHIPS = "boat boats ship ships sailboat sailboats raft rafting kayak kayaks kayaking canoe"
_VEHICLE_WORDS = f"{_SHIPS} car cars truck atvs motorbike vehicle bike bicycle"
_PERSON = f"{_MEN} {_WOMEN} {_CHILDREN} person people couple crowd friends hiker climber player band group skier"
_WATER_WORDS = "water pool lake river ocean sea pond stream rapids surf swim swims swimming"
_AT_WATER = _BIRDS | _classes("bullfrog, sea horse, crocodile, platypus, beaver, starfish, llama, bass")
_DOG_WORDS = "dog dogs puppy puppies poodle dachshund dachshunds terrier doberman"

WORDS = (
    _word("dog", _DOGS, said=_DOG_WORDS, unknown="snoopy"),
    _word("cat", _CATS, said="cat cats kitten", unknown="leopards, cougar body, cougar face, garfield"),
    _word("car", _classes("car side, tow truck"), said="car cars", unknown="motor scooter, stop sign"),
    _word("flower", _FLOWERS, said="flower flowers", unknown="butterfly, bonsai"),
    _word("airplane", "airplanes", said="airplane airplanes plane planes"),
    _word("person", _PEOPLE, said=_PERSON, unknown=_WITH_PEOPLE),
    _word("boat", _BOATS, said=_SHIPS, unknown="dock"),
    _word("bird", _BIRDS, said="bird birds duck ducks seagull seagulls", unknown="snoopy, dollar bill"),
    _word("animal", _ANIMALS, said=f"{_DOG_WORDS} animal animals horse horses pony sheep cat bird birds"),
    _word(
        "insect",
        _INSECTS,
        said="insect insects bug butterfly bee",
        unknown="tick, black and gold garden spider, scorpion",
    ),
    _word("reptile", _REPTILES, said="reptile lizard snake turtle alligator", unknown="trilobite"),
    _word("sea animal", _SEA_ANIMALS, said="fish dolphin crab turtle", unknown="platypus"),
    _word("leopard", "leopards", said="leopard", unknown="wild cat"),
    _word("llama", "llama"),
    _word("pigeon", "pigeon", said="pigeon pigeons"),
    _word("sunflower", "sunflower", said="sunflower sunflowers"),
    _word("tree", "bonsai, joshua tree", said="tree trees palm woods forest", unknown=_OUTDOORS | {"mandolin"}),
    _word(
        "motorcycle", "motorbikes, motor scooter", said="motorcycle motorcycles motorbike motorbikes dirtbike racers"
    ),
    _word("vehicle", _VEHICLES, said=_VEHICLE_WORDS, unknown="wheelchair, barrow, dock, cannon"),
    _word("aircraft", "airplanes, helicopter", said="airplane plane helicopter aircraft balloons"),
    _word("sailboat", _SAILING, said="sailboat sailboats", unknown="dock"),
    _word("ship", _BOATS, said="ship ships", unknown="dock"),
    _word("piano", "grand piano", said="piano"),
    _word(
        "musical instrument",
        _INSTRUMENTS,
        said="guitar drums violin instrument instruments band",
        unknown="gramophone, metronome",
    ),
    _word("pizza", "pizza"),
    _word(
        "food",
        "pizza, strawberry, Granny Smith",
        said="food meal eat eats eating dinner takeout",
        unknown="lobster, crab, hen-of-the-woods, cup",
    ),
    _word("wheelchair", "wheelchair"),
    _word("chair", "chair, windsor chair, wheelchair", said="chair chairs", unknown="desk, umbrella"),
    _word("watch", "watch", said="wristwatch"),
    _word("face", _FACES, said="face faces", unknown=_PEOPLE | _WITH_PEOPLE | {"cougar face"}),
    _word("man", said=_MEN, unknown=_PEOPLE | _WITH_PEOPLE),
    _word("woman", said=_WOMEN, unknown=_PEOPLE | _WITH_PEOPLE),
    _word("child", said=_CHILDREN, unknown=_PEOPLE | _WITH_PEOPLE),
    _word("boy", said=_BOYS, unknown=_PEOPLE | _WITH_PEOPLE),
    _word("girl", said=_GIRLS, unknown=_PEOPLE | _WITH_PEOPLE),
    _word("group of people", "football helmet", said="group crowd people", unknown=(_PEOPLE | _WITH_PEOPLE) - _FACES),
    _word("water", _BOATS | {"dolphin", "hawksbill", "dock"}, said=_WATER_WORDS, unknown=_AT_WATER),
    _word("snow", said="snow snowy snowboarder skis ski sled", unknown="llama, cougar body, cougar face, wild cat"),
    _word("grass", said="grass grassy lawn field", unknown=_OUTDOORS),
    _word(
        "mountain",
        said="mountain mountains mountainside hill hills hillside cliff",
        unknown="llama, airplanes, pyramid, elephant, ketch",
    ),
    _word("rock", said="rock rocks rocky boulder", unknown=_OUTDOORS | _SEA_ANIMALS | {"agama"}),
    _word("beach", said="beach sand sandy", unknown="starfish, umbrella, red-breasted merganser, crab"),
    _word(
        "building",
        "minaret, pagoda, cinema, pyramid, obelisk",
        said="building buildings house church",
        unknown=_OUTDOORS,
    ),
    _word("jumping", said="jump jumps jumping leap leaps leaping", unknown="dolphin"),
    _word("running", said="run runs running", unknown="dalmatian, leopards, football helmet"),
    _word("walking", said="walk walks walking", unknown=_ANIMALS),
    _word("guitar", "electric guitar", said="guitar guitars", unknown="mandolin"),
    _word("horse", said="horse horses pony"),
    _word("computer", "laptop", said="computer computers laptop", unknown="desk"),
    _word("bicycle", said="bicycle bicycles bike bikes", unknown="motorbikes, motor scooter"),
)
