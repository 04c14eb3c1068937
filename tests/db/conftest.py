"""A fresh library, and a disk that exists only as scan entries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import LibraryWriter, check_library, open_writer
from tests.db.making import Disk


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def writer(library: Path) -> Iterator[LibraryWriter]:
    """An open writer; whatever a test does with it, the doctor must find nothing afterwards."""
    with open_writer(library, command="index") as opened:
        yield opened
    assert check_library(library) == []
