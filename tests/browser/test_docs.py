"""The page's own list of keys and the one in docs/page.md say the same."""

import json
import re

from tests.conftest import PROJECT

_STATIC = PROJECT / "web" / "static"
_ROW = re.compile(r'\[\[((?:"[^"]+"(?:, )?)+)\], "help\.(\w+)"')


def test_every_key_is_documented() -> None:
    texts = json.loads((_STATIC / "i18n" / "en.json").read_text())["help"]
    rows = _ROW.findall((_STATIC / "js" / "help.js").read_text())
    shown = [(" ".join(f"`{key}`" for key in json.loads(f"[{keys}]")), texts[name]) for keys, name in rows]
    told = (PROJECT / "docs" / "page.md").read_text()
    assert len(shown) > 20
    assert [row for row in shown if f"| {row[0]} | {row[1]} |" not in told] == []
    assert told.count("\n| `") >= len(shown)


def test_every_key_of_the_address_is_documented() -> None:
    keys = re.search(r"const KEYS = \{(.*?)\n\};", (_STATIC / "js" / "url.js").read_text(), re.DOTALL)
    assert keys is not None
    told = (PROJECT / "docs" / "page.md").read_text()
    assert [key for key in re.findall(r"^  (\w+):", keys[1], re.MULTILINE) if f"`{key}`" not in told] == []
