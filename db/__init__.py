"""The library on disk: SQLite is the truth, vector files and indexes lie beside it.

Names are loaded on first use: SQLAlchemy costs 0.2 s of start-up, and much of the program only needs the records.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.doctor import check_library as check_library
    from db.kept import KeptReaders as KeptReaders
    from db.opening import open_writer as open_writer
    from db.planning import dry_plan as dry_plan
    from db.reader import LibraryReader as LibraryReader
    from db.reader import open_reader as open_reader
    from db.repair import fix_library as fix_library
    from db.writer import LibraryWriter as LibraryWriter

_HOMES = {
    "KeptReaders": "db.kept",
    "LibraryReader": "db.reader",
    "LibraryWriter": "db.writer",
    "check_library": "db.doctor",
    "dry_plan": "db.planning",
    "fix_library": "db.repair",
    "open_reader": "db.reader",
    "open_writer": "db.opening",
}

__all__ = [
    "KeptReaders",
    "LibraryReader",
    "LibraryWriter",
    "check_library",
    "dry_plan",
    "fix_library",
    "open_reader",
    "open_writer",
]


def __getattr__(name: str) -> object:
    """Import a public name's home when it is first asked for."""
    if name not in _HOMES:
        message = f"module 'db' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
