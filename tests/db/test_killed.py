"""Looking after an index, killed before each flush, renaming and removal: nothing but strays is left, all is found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from db import LibraryWriter, check_library, open_reader, open_writer
from tests.db.killing import killed_at, put_back
from tests.db.making import Disk, index, unit

EXACT_BELOW = 64
MOST_STEPS = 40

WORK: dict[str, tuple[Callable[[LibraryWriter], object], int]] = {
    "extend": (lambda writer: writer.refresh_derived(writer.spaces()[0], exact_below=EXACT_BELOW, recall=0.9), 4),
    "build": (lambda writer: writer.refresh_derived(writer.spaces()[0], exact_below=EXACT_BELOW, force=True), 7),
    "optimize": (lambda writer: writer.optimize(writer.spaces()[0], exact_below=EXACT_BELOW), 12),
    "drop": (lambda writer: writer.optimize(writer.spaces()[0], exact_below=1_000), 9),
}
"""What is done, and the least steps that it takes."""


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with an index over 100 rows, a fifth of them of pictures that are gone, and a tail of 40."""
    library, disk = tmp_path_factory.mktemp("worn") / "library", Disk()
    for number in range(100):
        disk.put(b"/p/%d" % number)
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p", batch=100)
        writer.refresh_derived(writer.spaces()[0], exact_below=EXACT_BELOW)
        for number in range(20):
            del disk.files[b"/p/%d" % number]
            disk.put(b"/p/%d" % (100 + number))
            disk.put(b"/p/%d" % (200 + number))
        index(writer, disk, b"/p", batch=100, prune=True)
    return library


def found(library: Path) -> set[bytes]:
    """Every picture, each by its own vector where one in eleven is looked for; nothing is said of the index."""
    with open_reader(library) as reader:
        space = reader.active_space()
        pictures = reader.pictures(space, range(reader.generation(space).committed_rows))
        for picture in pictures[::11]:
            hits = reader.search(space, unit(f"fake:{picture.path.decode()}"), 3)
            assert hits.rows[0] == picture.row
        assert reader.notices() == ()
    return {picture.path for picture in pictures}


@pytest.mark.parametrize("name", WORK)
def test_at_every_step(worn: Path, tmp_path: Path, name: str) -> None:
    work, least = WORK[name]
    pictures = found(worn)
    assert len(pictures) == 120
    for number in range(MOST_STEPS):
        library = shutil.copytree(worn, tmp_path / str(number))
        with open_writer(library, command="index") as writer:
            killed = killed_at("file", number, library, lambda: work(writer))
        if not killed:
            break
        put_back(library)
        assert {finding.code for finding in check_library(library)} <= {"stray_files"}
        assert found(library) == pictures
        with open_writer(library, command="index") as writer:
            assert check_library(library) == []
            work(writer)
        assert found(library) == pictures
        assert check_library(library) == []
    assert least <= number < MOST_STEPS - 1
