"""docs/settings.md lists every setting, with its real default."""

import re

from core.settings import Settings
from tests.conftest import PROJECT


def test_page_and_settings_agree() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+?) \|", page, re.MULTILINE)
    assert {name: variable for name, variable, _ in rows} == {n: f"SEARCH_{n.upper()}" for n in Settings.model_fields}
    for name, _, default in rows:
        field = Settings.model_fields[name]
        if field.default_factory is None:
            assert default == f"`{field.default}`", name
