"""The page's texts: each language says all that the page shows, with the same values filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from web import page

STATIC = Path(page.__file__).parent / "static"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
PLURALS = {"zero", "one", "two", "few", "many", "other"}
KEYS_IN_HTML = re.compile(r'data-t(?:-[a-z]+)?="([^"]+)"')
KEY_IN_SCRIPT = re.compile(r'"((?:[a-z_]+)(?:\.[a-z0-9_-]+)+)"')
MADE_IN_SCRIPT = re.compile(r"\bt\(`([a-z_.-]+)\$\{")


def texts(language: str) -> dict[str, str | dict[str, str]]:
    """Every text by its whole key; one with plural forms is a dict of them."""
    return dict(flat(json.loads((STATIC / "i18n" / f"{language}.json").read_text("utf-8")), ""))


def flat(branch, within):
    for key, value in branch.items():
        name = f"{within}{key}"
        if isinstance(value, str) or set(value) <= PLURALS:
            yield name, value
        else:
            yield from flat(value, f"{name}.")


def values_of(text) -> set[str]:
    """The names in braces, of all forms together."""
    forms = [text] if isinstance(text, str) else text.values()
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


LANGUAGES = sorted(path.stem for path in (STATIC / "i18n").glob("*.json"))
ENGLISH = texts("en")
GROUPS = {key.split(".")[0] for key in ENGLISH}


def test_the_languages_of_the_menu_are_those_with_texts():
    listed = re.search(r"LANGUAGES = \{([^}]*)\}", (STATIC / "js" / "i18n.js").read_text("utf-8"))
    assert listed is not None
    assert sorted(re.findall(r"(\w+):", listed[1])) == LANGUAGES == ["en", "zh"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_what_english_says_and_fills_in_the_same(language):
    there = texts(language)
    assert there.keys() == ENGLISH.keys()
    assert {key: values_of(text) for key, text in there.items()} == {
        key: values_of(text) for key, text in ENGLISH.items()
    }
    assert all(text if isinstance(text, str) else text["other"] for text in there.values())


@pytest.mark.parametrize("path", [STATIC / "index.html", *SCRIPTS], ids=lambda path: path.name)
def test_every_key_that_the_page_asks_for_has_a_text(path):
    source = path.read_text("utf-8")
    pattern = KEYS_IN_HTML if path.suffix == ".html" else KEY_IN_SCRIPT
    asked = {key for key in pattern.findall(source) if key.split(".")[0] in GROUPS}
    assert asked <= ENGLISH.keys()
    made = MADE_IN_SCRIPT.findall(source)
    assert [start for start in made if not any(key.startswith(start) for key in ENGLISH)] == []


def test_no_text_is_there_for_nothing():
    sources = "".join(path.read_text("utf-8") for path in [STATIC / "index.html", *SCRIPTS])
    made = tuple(MADE_IN_SCRIPT.findall(sources))
    unused = [key for key in ENGLISH if f'"{key}"' not in sources and not key.startswith(made)]
    assert unused == []
