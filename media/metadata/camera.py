"""A camera's make and model as one name, the make not repeated."""

import re

from media.metadata.texts import name_of

# What ends a company's name and says nothing about a camera: "OLYMPUS IMAGING CORP.", "Konica Minolta Camera, Inc."
_COMPANY_WORDS = frozenset(
    (
        "camera",
        "co",
        "company",
        "corp",
        "corporation",
        "electric",
        "gmbh",
        "imaging",
        "inc",
        "ltd",
        "optical",
        "techwin",
    )
)


def camera_of(make: str, model: str) -> str | None:
    """One name: Canon, Canon EOS 40D give "Canon EOS 40D"; NIKON CORPORATION, E950 give "NIKON E950"."""
    maker, camera = name_of(make), name_of(model)
    if maker is None or camera is None:
        return camera or maker
    words = [word for word in re.split(r"[\s,]+", maker) if word]
    while len(words) > 1 and words[-1].rstrip(".").casefold() in _COMPANY_WORDS:
        words.pop()
    first = re.split(r"[\s_-]", camera, maxsplit=1)[0].casefold()
    if first in {word.casefold() for word in words} or camera.casefold().startswith(maker.casefold()):
        return camera
    return f"{' '.join(words)} {camera}"
