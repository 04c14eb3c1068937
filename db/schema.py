"""The tables of library.sqlite3, as SQLAlchemy Core sees them.

One file can hold several assets (pages, frames, a RAW and its JPEG), identical files share one asset, and an asset has
one row per space: one-to-many from the first migration on. The migrations are the history of what stands here; a test
holds the two together. Core tables without ORM classes: nothing here needs sessions, and the ORM costs start-up time.

Times: `*_at` are unix seconds; `taken` is the clock on the wall, in seconds since 1970-01-01 of that clock.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _needs(target: str, *, cascade: bool = False) -> ForeignKey:
    return ForeignKey(target, ondelete="CASCADE" if cascade else None)


meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

root = Table(
    "root",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("path_text", Text, nullable=False),
    Column("options", Text, nullable=False),  # JSON of RootOptions
    Column("device", Integer),  # st_dev
    Column("online", Integer, nullable=False, server_default=text("1")),
    Column("offline_reason", Text),
    Column("last_scan_at", Float),
)

folder = Table(
    "folder",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("path_text", Text, nullable=False),
)

camera = Table(
    "camera",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

format_ = Table(
    "format",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

lens = Table(
    "lens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

file = Table(
    "file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("path_text", Text, nullable=False),
    Column("folder_id", Integer, _needs("folder.id"), nullable=False, index=True),
    Column("root_id", Integer, _needs("root.id"), index=True),  # NULL: imported, no refresh judges it
    Column("state", Text, nullable=False),
    Column("size", Integer),  # NULL: never seen on disk
    Column("mtime_ns", Integer),
    Column("sidecars", LargeBinary, nullable=False, server_default=text("x''")),
    Column("problem_kind", Text),  # also beside state 'present': the last reading failed, the one before stands
    Column("problem_reason", Text),
    Column("problem_at", Float),
    Column("forgotten_hash", LargeBinary),  # what it held, where the content is forgotten wherever it turns up
    Column("added_at", Float, nullable=False),
    CheckConstraint("state IN ('present', 'offline', 'missing', 'problem', 'ignored', 'forgotten')", name="state"),
)
Index("ix_file_not_present", file.c.state, sqlite_where=text("state <> 'present'"))
Index("ix_file_problem", file.c.path, sqlite_where=text("problem_kind IS NOT NULL"))

asset = Table(
    "asset",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content_hash", LargeBinary),  # NULL: imported with its vector, never read
    Column("part", Integer, nullable=False, server_default=text("0")),  # page or frame of the file
    Column("live", Integer, nullable=False, server_default=text("0")),  # derived: has a present or offline file
    Column("format_id", Integer, _needs("format.id")),  # NULL: facts not known
    Column("width", Integer),
    Column("height", Integer),
    Column("exif_orientation", Integer),
    Column("taken", Integer),
    Column("taken_offset", Integer),  # minutes
    Column("taken_source", Text),
    Column("camera_id", Integer, _needs("camera.id")),
    Column("lens_id", Integer, _needs("lens.id")),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("phash", Integer),  # the 64 bits, as a signed number
    UniqueConstraint("content_hash", "part"),
)
Index("ix_asset_live", asset.c.id, sqlite_where=text("live"))

file_asset = Table(
    "file_asset",
    metadata,
    Column("file_id", Integer, _needs("file.id", cascade=True), primary_key=True),
    Column("asset_id", Integer, _needs("asset.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Each text once: what a camera writes into every picture is one text with one vector.
caption_text = Table(
    "caption_text",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False, unique=True),
)

caption = Table(
    "caption",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("asset_id", Integer, _needs("asset.id", cascade=True), nullable=False, index=True),
    # Copies of one picture may have different sidecars: a caption leaves with the file it came with. NULL: it belongs
    # to the picture itself (imported, generated).
    Column("file_id", Integer, _needs("file.id", cascade=True), index=True),
    Column("text_id", Integer, _needs("caption_text.id"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("model", Text),  # that wrote it; NULL: it was found
    Column("match", Float),  # the reranker's probability that it fits; NULL: not judged
    Column("judge", Text),  # the reranker's name
    Column("kept", Integer, nullable=False, server_default=text("1")),  # 0: judged not to fit; shown as such only
)

# A row of a space's caption vectors stands for a text, not for a picture.
caption_row = Table(
    "caption_row",
    metadata,
    Column("generation_id", Integer, _needs("generation.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("text_id", Integer, _needs("caption_text.id"), nullable=False),
    UniqueConstraint("text_id", "generation_id"),
    sqlite_with_rowid=False,
)

tag = Table(
    "tag",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),  # as it was first written
    Column("folded", Text, nullable=False, unique=True),  # casefolded: Beach and beach are one
)

asset_tag = Table(
    "asset_tag",
    metadata,
    Column("asset_id", Integer, _needs("asset.id", cascade=True), primary_key=True),
    Column("tag_id", Integer, _needs("tag.id"), primary_key=True, index=True),
    Column("source", Text, primary_key=True),  # "user", or the set of labels it comes from
    Column("model", Text),  # that found it; NULL: a person did
    Column("score", Float),  # its probability; NULL: a person said so
    Column("tagged_at", Float, nullable=False),
    sqlite_with_rowid=False,
)

# Texts that came, went or changed since the index of words was last brought in line (db/words.py, which makes it).
unread_text = Table(
    "unread_text",
    metadata,
    Column("kind", Integer, primary_key=True),  # db.words.TextKind
    Column("id", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

# What a picture's score is compared with, to tell a match from the best of nothing. Derived.
background = Table(
    "background",
    metadata,
    Column("space_id", Integer, _needs("space.id", cascade=True), primary_key=True),
    Column("kind", Text, primary_key=True),  # "texts": neutral ones
    Column("vectors", LargeBinary, nullable=False),  # float16 (count, dim), unit rows
    Column("count", Integer, nullable=False),
    Column("made_from", Text, nullable=False),  # the texts' digest
    sqlite_with_rowid=False,
)

space = Table(
    "space",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),
    Column("dim", Integer, nullable=False),
    Column("encoder", Text),  # JSON of EncoderInfo; NULL: imported vectors
    Column("state", Text, nullable=False),
    CheckConstraint("state IN ('active', 'building', 'retired')", name="state"),
)
Index("ix_space_active", space.c.state, unique=True, sqlite_where=text("state = 'active'"))
Index("ix_space_building", space.c.state, unique=True, sqlite_where=text("state = 'building'"))

generation = Table(
    "generation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space_id", Integer, _needs("space.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("committed_rows", Integer, nullable=False, server_default=text("0")),
    Column("index_record", Text),  # JSON of IndexRecord
    Column("columns_file", Text),
    Column("columns_rows", Integer, nullable=False, server_default=text("0")),
    Column("columns_digest", Text),
    UniqueConstraint("space_id", "kind"),  # one current generation; compaction raises its number
    CheckConstraint("kind IN ('image', 'caption')", name="kind"),
)

vector_row = Table(
    "vector_row",
    metadata,
    Column("generation_id", Integer, _needs("generation.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("asset_id", Integer, _needs("asset.id"), nullable=False),
    UniqueConstraint("asset_id", "generation_id"),
    sqlite_with_rowid=False,
)

block = Table(
    "block",
    metadata,
    Column("generation_id", Integer, _needs("generation.id"), primary_key=True),
    Column("block", Integer, primary_key=True),
    Column("crc", Integer, nullable=False),  # crc32 of the committed bytes of this block of rows
    sqlite_with_rowid=False,
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("generation_id", Integer, _needs("generation.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

dirty_asset = Table(
    "dirty_asset",
    metadata,
    Column("generation_id", Integer, _needs("generation.id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True),  # its row in the columns is out of date
    sqlite_with_rowid=False,
)

forgotten_path = Table(
    "forgotten_path",
    metadata,
    Column("path", LargeBinary, primary_key=True),  # this file, or everything below this folder
    Column("path_text", Text, nullable=False),
    Column("forgotten_at", Float, nullable=False),
)

forgotten_hash = Table(
    "forgotten_hash",
    metadata,
    Column("content_hash", LargeBinary, primary_key=True),
    Column("path", LargeBinary, nullable=False, index=True),  # the forgotten path it was found below
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("counts", Text),  # JSON; NULL: it did not get to its end
)
