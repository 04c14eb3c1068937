"""What the doctor can find wrong with a library."""

from dataclasses import dataclass
from enum import StrEnum


class FindingCode(StrEnum):
    """Which check of the doctor failed."""

    DATABASE = "database"  # SQLite's own integrity check
    FOREIGN_KEYS = "foreign_keys"
    SCHEMA = "schema"
    VECTORS_LOST = "vectors_lost"  # missing, or not the file of this generation
    VECTORS_SHORT = "vectors_short"  # fewer rows on disk than committed
    VECTORS_EXCESS = "vectors_excess"  # bytes past the last committed row
    BLOCKS_DAMAGED = "blocks_damaged"  # rows whose checksum does not hold
    INDEX_UNSOUND = "index_unsound"
    COLUMNS_UNSOUND = "columns_unsound"
    ROWS_UNMAPPED = "rows_unmapped"  # findable rows that stand for no picture, or mapped rows beyond the file
    TOMBSTONES = "tombstones"  # what may be found disagrees with the states of the files
    LIVENESS = "liveness"  # pictures marked alive without a live file, or the reverse
    COUNTS = "counts"  # the numbers of pictures and files that are kept are wrong
    FILES_EMPTY = "files_empty"  # files that were read and stand for no picture
    GENERATIONS = "generations"  # a space without its generation, none or several active spaces
    STRAY_FILES = "stray_files"
    WORDS = "words"  # the index of words does not say what captions, tags and names say
    TEXTS_UNUSED = "texts_unused"  # caption texts that no picture has any more


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor found wrong."""

    code: FindingCode
    message: str  # for people: what is wrong, and what a fix will do
    fixable: bool
    generation_id: int | None = None
    numbers: tuple[int, ...] = ()  # damaged blocks
    files: tuple[str, ...] = ()  # stray files, relative to the library
