"""`search demo` on real files, with an encoder that sees colours: what it prints, and what it leaves behind."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import semantic_image_search
from cli import context
from core.errors import StorageFull
from core.indexing import IndexReport
from semantic_image_search.demo import PHOTOS, find_photos
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary
from tests.cli.test_terminal import on_terminal, plain
from tests.fakes import FakeEncoder

ON_TERMINAL = """
import sys
from cli import context
from cli.main import main
from tests.cli.parts import FakeLibrary

context.open_library = FakeLibrary().open
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, empty."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model `mini` sees colours."""

    def open_fake(path: Path, *, model: str) -> Any:
        return semantic_image_search.open_library(path, model=FakeEncoder(model))

    monkeypatch.setattr(context, "open_library", open_fake)


def test_it_types_four_commands_and_shows_their_answers(colours: None, temporary: Path, search: Search) -> None:
    ran = search("demo")
    assert ran.code == 0, ran.err
    blocks = {block.split("\n")[0]: block.split("\n")[1:] for block in ran.out.split("\n\n")}
    assert [re.sub(r"/\S*/search-demo-[^/]*", "/tmp", command) for command in blocks if command.startswith("$")] == [
        "$ search index /tmp/photos --model mini",
        '$ search query "a tabby cat" -k 3 --mode vector',
        '$ search query "a vehicle" -k 3 --mode vector',
        '$ search query "a man with a camera on a tripod" -k 3 --mode vector',
        "$ search lookup /tmp/downloaded.jpg -k 3",
    ]
    index, *queries, lookup = (lines for command, lines in blocks.items() if command.startswith("$"))
    assert index[0] == f"{len(PHOTOS)} added"
    line = re.compile(r"-?\d\.\d{4}\t.+\t/.+/photos/\S+\.(png|jpg)\t\d+%")
    assert all(line.fullmatch(hit) for hits in queries for hit in hits)
    assert [len(hits) for hits in queries] == [3, 3, 3]
    found = lookup[1].split("\t")
    assert (found[2], Path(found[3]).name) == ("cropped", "rocket.jpg")
    assert ran.err.count(f"{len(PHOTOS)} of {len(PHOTOS)} indexed, mini, ") == 4
    assert list(temporary.iterdir()) == []


def test_what_is_kept_goes_on_answering(colours: None, temporary: Path, search: Search) -> None:
    said = search("demo", "--keep").lines
    (folder,) = temporary.iterdir()
    assert f'  search query "a rocket" --library {folder / "library"}' in said
    assert not any("deleted" in line for line in said)
    assert {path.name for path in (folder / "photos").iterdir()} == {photo.name for photo in PHOTOS}
    for photo, original in find_photos().items():
        assert (folder / "photos" / photo.name).read_bytes() == original.read_bytes()


def test_without_scikit_image_one_line_says_what_to_install(
    temporary: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    ran = search("demo")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "pip install 'semantic-image-search[demo]'" in ran.err
    assert list(temporary.iterdir()) == []


def test_a_scikit_image_without_the_photos_is_told(
    tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "skimage"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(package.parent))
    ran = search("demo")
    assert ran.code == 1
    assert ran.err.startswith(f"search: the scikit-image installed here has no {package / PHOTOS[0].file}: pip install")


@pytest.mark.parametrize(
    ("report", "answer", "code"),
    [
        (StorageFull("no space left"), None, 1),
        (IndexReport(added=3, interrupted=True), None, 130),
        (IndexReport(added=14), KeyboardInterrupt(), 130),
        (IndexReport(added=14), BrokenPipeError(), 141),
        (IndexReport(added=14), ValueError("a bug"), 1),
    ],
)
@pytest.mark.parametrize("keep", [(), ("--keep",)])
def test_however_it_ends_nothing_is_left(
    report: Any,
    answer: Any,
    code: int,
    keep: tuple[str, ...],
    library: FakeLibrary,
    temporary: Path,
    search: Search,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library.report = report
    library.answer = answer
    monkeypatch.setattr("cli.failures.pipe_closed", lambda: 141)  # the real one closes this process's stdout
    assert search("demo", *keep).code == code
    assert list(temporary.iterdir()) == []


def test_on_a_terminal_the_commands_stand_out(temporary: Path) -> None:
    code, seen = on_terminal("demo", program=ON_TERMINAL, TMPDIR=str(temporary))
    assert code == 0
    assert '\x1b[1m$ search query "a tabby cat" -k 3 --mode vector\x1b[0m' in seen
    assert "12,000 of 12,400 indexed, ViT-B-32" in plain(seen)
    assert list(temporary.iterdir()) == []


def test_preview_shows_the_pictures_of_every_answer(colours: None, temporary: Path, search: Search) -> None:
    said = search("demo", "--preview").err
    sheets = [Path(sheet) for sheet in re.findall(r"^contact sheet: (.+)$", said, re.MULTILINE)]
    assert len(sheets) == 4
    assert sorted(sheet.parent for sheet in sheets) == sorted(temporary.iterdir())
