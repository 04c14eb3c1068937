"""The names a picture's sidecar files may have; names only, nothing is looked up."""

import os
import re

_TEXT, _XMP, _JSON = ".txt", ".xmp", ".json"
_ENDINGS = tuple(os.fsencode(ending) for small in (_TEXT, _XMP, _JSON) for ending in (small, small.upper()))
_TAKEOUT_CHARACTERS = 46  # Google Takeout cuts what stands before ".json"
_TAKEOUT_SUFFIX = ".supplemental-metadata"
_NUMBERED = re.compile(r"(.+)(\(\d+\))(\.[^.]*)?", re.DOTALL)  # "photo(1).jpg"


def is_sidecar(name: bytes) -> bool:
    """True where `name` may be among the `sidecar_candidates` of some picture: told without knowing the picture."""
    return name.endswith(_ENDINGS)


def sidecar_candidates(name: bytes) -> tuple[bytes, ...]:
    """The names of files beside the picture `name` that may describe it, those that win first.

    photo.jpg: photo.jpg.txt, photo.txt, the same with .xmp and .json (each in small and capital letters), and
    Google Takeout's names for the JSON file, which are cut to 46 characters.
    """
    whole = os.fsdecode(name)
    stem = os.path.splitext(whole)[0]  # noqa: PTH122 - a bare name; Path would read "." and ".." as folders
    names = [
        f"{base}{ending}"
        for extension in (_TEXT, _XMP, _JSON)
        for base in (whole, stem)
        for ending in (extension, extension.upper())
    ]
    return tuple(os.fsencode(one) for one in dict.fromkeys([*names, *_takeout_names(whole)]) if one != whole)


def _takeout_names(name: str) -> list[str]:
    numbered = _NUMBERED.fullmatch(name)
    base, number = (f"{numbered[1]}{numbered[3] or ''}", numbered[2]) if numbered else (name, "")
    stems = (f"{base}{_TAKEOUT_SUFFIX}", base)
    return [f"{stem[:_TAKEOUT_CHARACTERS]}{number}{_JSON}" for stem in stems]
