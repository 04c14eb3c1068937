"""docs/settings.md lists every setting, with its real default."""

import re
from dataclasses import MISSING, fields

from core.settings import READERS, Settings
from tests.conftest import PROJECT


def test_page_and_settings_agree() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \|", page, re.MULTILINE)
    assert {name: variable for name, variable, _ in rows} == {n: f"SEARCH_{n.upper()}" for n in READERS}
    defaults = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}
    for name, _, default in rows:
        if name in defaults:
            assert default == f"`{defaults[name]}`", name
