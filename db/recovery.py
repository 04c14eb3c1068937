"""What a writer does first: it clears away what a crash left behind.

Bytes past the last committed row were never promised to anyone, and files of no generation belong to nobody.
"""

from contextlib import suppress
from pathlib import Path

from core.errors import LibraryDamaged
from db.connect import Store
from db.places import generation_ids, place_of
from db.vectors.storage import storage_errors

_OURS = ("vectors.", "index.", "columns.")


def recover(store: Store) -> None:
    """Cut off uncommitted rows and remove stray files; damaged vector files are left to the doctor."""
    for generation_id in generation_ids(store.conn):
        with suppress(LibraryDamaged):
            place_of(store, generation_id).open().truncate(_committed(store, generation_id))
    remove_strays(store)


def remove_strays(store: Store) -> None:
    """Remove the files of our kind that no generation names; for a writer."""
    for stray in stray_files(store):
        with storage_errors(stray), suppress(FileNotFoundError):
            stray.unlink()


def require_rows(store: Store) -> None:
    """See that every committed row is on disk.

    Raises:
        LibraryDamaged: a vector file is missing, of another space, or too short.
    """
    for generation_id in generation_ids(store.conn):
        place_of(store, generation_id).open().view(_committed(store, generation_id))


def stray_files(store: Store) -> list[Path]:
    """Files of our kind in the spaces' folders that no generation names: left by a crash, or half-written."""
    named = named_files(store)
    found = [path for path in (store.folder / "spaces").glob("*/*/*") if path.name.startswith(_OURS)]
    return sorted(path for path in found if path not in named and not path.is_dir())  # a folder is somebody else's


def named_files(store: Store) -> set[Path]:
    """The files of every current generation."""
    named: set[Path] = set()
    for generation_id in generation_ids(store.conn):
        place = place_of(store, generation_id)
        named.add(place.vectors)
        derived = store.conn.exec_driver_sql(
            "SELECT iif(json_valid(index_record), json_extract(index_record, '$.file'), NULL), columns_file"
            " FROM generation WHERE id = :id",
            {"id": generation_id},
        ).one()
        named |= {place.folder / name for name in derived if isinstance(name, str)}
    return named


def _committed(store: Store, generation_id: int) -> int:
    found = store.conn.exec_driver_sql("SELECT committed_rows FROM generation WHERE id = :id", {"id": generation_id})
    return int(found.scalar_one())
