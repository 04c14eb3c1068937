"""docs/decisions: numbered without gaps, each page under its number, all of them in the index."""

import re

from tests.conftest import PROJECT

FOLDER = PROJECT / "docs" / "decisions"


def test_numbers_headings_and_index_agree() -> None:
    pages = sorted(FOLDER.glob("0*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    headings = [page.read_text().splitlines()[0] for page in pages]
    assert [f"# {number}: {title}" for number, _, title in listed] == headings
    assert [name for _, name, _ in listed] == [page.name for page in pages]
