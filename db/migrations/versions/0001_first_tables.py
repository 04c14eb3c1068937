"""The first tables: files, pictures, spaces and their rows, what was forgotten, and the log of runs."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE meta (
        "key" TEXT NOT NULL,
        value TEXT NOT NULL,
        CONSTRAINT pk_meta PRIMARY KEY ("key")
    )
    """,
    """
    CREATE TABLE root (
        id INTEGER NOT NULL,
        path BLOB NOT NULL,
        path_text TEXT NOT NULL,
        options TEXT NOT NULL,
        device INTEGER,
        online INTEGER DEFAULT 1 NOT NULL,
        offline_reason TEXT,
        last_scan_at FLOAT,
        CONSTRAINT pk_root PRIMARY KEY (id),
        CONSTRAINT uq_root_path UNIQUE (path)
    )
    """,
    """
    CREATE TABLE folder (
        id INTEGER NOT NULL,
        path BLOB NOT NULL,
        path_text TEXT NOT NULL,
        CONSTRAINT pk_folder PRIMARY KEY (id),
        CONSTRAINT uq_folder_path UNIQUE (path)
    )
    """,
    """
    CREATE TABLE camera (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        CONSTRAINT pk_camera PRIMARY KEY (id),
        CONSTRAINT uq_camera_name UNIQUE (name)
    )
    """,
    """
    CREATE TABLE format (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        CONSTRAINT pk_format PRIMARY KEY (id),
        CONSTRAINT uq_format_name UNIQUE (name)
    )
    """,
    """
    CREATE TABLE lens (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        CONSTRAINT pk_lens PRIMARY KEY (id),
        CONSTRAINT uq_lens_name UNIQUE (name)
    )
    """,
    """
    CREATE TABLE space (
        id INTEGER NOT NULL,
        slug TEXT NOT NULL,
        name TEXT NOT NULL,
        identity TEXT NOT NULL,
        dim INTEGER NOT NULL,
        encoder TEXT,
        state TEXT NOT NULL,
        CONSTRAINT pk_space PRIMARY KEY (id),
        CONSTRAINT ck_space_state CHECK (state IN ('active', 'building', 'retired')),
        CONSTRAINT uq_space_slug UNIQUE (slug),
        CONSTRAINT uq_space_identity UNIQUE (identity)
    )
    """,
    "CREATE UNIQUE INDEX ix_space_active ON space (state) WHERE state = 'active'",
    "CREATE UNIQUE INDEX ix_space_building ON space (state) WHERE state = 'building'",
    """
    CREATE TABLE forgotten_path (
        path BLOB NOT NULL,
        path_text TEXT NOT NULL,
        forgotten_at FLOAT NOT NULL,
        CONSTRAINT pk_forgotten_path PRIMARY KEY (path)
    )
    """,
    """
    CREATE TABLE forgotten_hash (
        content_hash BLOB NOT NULL,
        path BLOB NOT NULL,
        CONSTRAINT pk_forgotten_hash PRIMARY KEY (content_hash)
    )
    """,
    "CREATE INDEX ix_forgotten_hash_path ON forgotten_hash (path)",
    """
    CREATE TABLE run (
        id INTEGER NOT NULL,
        pid INTEGER NOT NULL,
        host TEXT NOT NULL,
        command TEXT NOT NULL,
        started_at FLOAT NOT NULL,
        finished_at FLOAT,
        counts TEXT,
        CONSTRAINT pk_run PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE file (
        id INTEGER NOT NULL,
        path BLOB NOT NULL,
        path_text TEXT NOT NULL,
        folder_id INTEGER NOT NULL,
        root_id INTEGER,
        state TEXT NOT NULL,
        size INTEGER,
        mtime_ns INTEGER,
        sidecars BLOB DEFAULT (x'') NOT NULL,
        problem_kind TEXT,
        problem_reason TEXT,
        problem_at FLOAT,
        forgotten_hash BLOB,
        added_at FLOAT NOT NULL,
        CONSTRAINT pk_file PRIMARY KEY (id),
        CONSTRAINT ck_file_state CHECK (state IN ('present', 'offline', 'missing', 'problem', 'ignored', 'forgotten')),
        CONSTRAINT uq_file_path UNIQUE (path),
        CONSTRAINT fk_file_folder_id FOREIGN KEY(folder_id) REFERENCES folder (id),
        CONSTRAINT fk_file_root_id FOREIGN KEY(root_id) REFERENCES root (id)
    )
    """,
    "CREATE INDEX ix_file_root_id ON file (root_id)",
    "CREATE INDEX ix_file_not_present ON file (state) WHERE state <> 'present'",
    "CREATE INDEX ix_file_folder_id ON file (folder_id)",
    "CREATE INDEX ix_file_problem ON file (path) WHERE problem_kind IS NOT NULL",
    """
    CREATE TABLE asset (
        id INTEGER NOT NULL,
        content_hash BLOB,
        part INTEGER DEFAULT 0 NOT NULL,
        live INTEGER DEFAULT 0 NOT NULL,
        format_id INTEGER,
        width INTEGER,
        height INTEGER,
        exif_orientation INTEGER,
        taken INTEGER,
        taken_offset INTEGER,
        taken_source TEXT,
        camera_id INTEGER,
        lens_id INTEGER,
        latitude FLOAT,
        longitude FLOAT,
        phash INTEGER,
        CONSTRAINT pk_asset PRIMARY KEY (id),
        CONSTRAINT uq_asset_content_hash_part UNIQUE (content_hash, part),
        CONSTRAINT fk_asset_format_id FOREIGN KEY(format_id) REFERENCES format (id),
        CONSTRAINT fk_asset_camera_id FOREIGN KEY(camera_id) REFERENCES camera (id),
        CONSTRAINT fk_asset_lens_id FOREIGN KEY(lens_id) REFERENCES lens (id)
    )
    """,
    "CREATE INDEX ix_asset_live ON asset (id) WHERE live",
    """
    CREATE TABLE generation (
        id INTEGER NOT NULL,
        space_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        number INTEGER NOT NULL,
        committed_rows INTEGER DEFAULT 0 NOT NULL,
        index_record TEXT,
        columns_file TEXT,
        columns_rows INTEGER DEFAULT 0 NOT NULL,
        columns_digest TEXT,
        CONSTRAINT pk_generation PRIMARY KEY (id),
        CONSTRAINT uq_generation_space_id_kind UNIQUE (space_id, kind),
        CONSTRAINT ck_generation_kind CHECK (kind IN ('image', 'caption')),
        CONSTRAINT fk_generation_space_id FOREIGN KEY(space_id) REFERENCES space (id)
    )
    """,
    """
    CREATE TABLE file_asset (
        file_id INTEGER NOT NULL,
        asset_id INTEGER NOT NULL,
        CONSTRAINT pk_file_asset PRIMARY KEY (file_id, asset_id),
        CONSTRAINT fk_file_asset_file_id FOREIGN KEY(file_id) REFERENCES file (id) ON DELETE CASCADE,
        CONSTRAINT fk_file_asset_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id)
    )
     WITHOUT ROWID
    """,
    "CREATE INDEX ix_file_asset_asset_id ON file_asset (asset_id)",
    """
    CREATE TABLE caption (
        id INTEGER NOT NULL,
        asset_id INTEGER NOT NULL,
        file_id INTEGER,
        source TEXT NOT NULL,
        text TEXT NOT NULL,
        CONSTRAINT pk_caption PRIMARY KEY (id),
        CONSTRAINT fk_caption_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE,
        CONSTRAINT fk_caption_file_id FOREIGN KEY(file_id) REFERENCES file (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_caption_file_id ON caption (file_id)",
    "CREATE INDEX ix_caption_asset_id ON caption (asset_id)",
    """
    CREATE TABLE vector_row (
        generation_id INTEGER NOT NULL,
        "row" INTEGER NOT NULL,
        asset_id INTEGER NOT NULL,
        CONSTRAINT pk_vector_row PRIMARY KEY (generation_id, "row"),
        CONSTRAINT uq_vector_row_asset_id_generation_id UNIQUE (asset_id, generation_id),
        CONSTRAINT fk_vector_row_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id),
        CONSTRAINT fk_vector_row_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id)
    )
     WITHOUT ROWID
    """,
    """
    CREATE TABLE block (
        generation_id INTEGER NOT NULL,
        block INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        CONSTRAINT pk_block PRIMARY KEY (generation_id, block),
        CONSTRAINT fk_block_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id)
    )
     WITHOUT ROWID
    """,
    """
    CREATE TABLE tombstone (
        generation_id INTEGER NOT NULL,
        "row" INTEGER NOT NULL,
        CONSTRAINT pk_tombstone PRIMARY KEY (generation_id, "row"),
        CONSTRAINT fk_tombstone_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id)
    )
     WITHOUT ROWID
    """,
    """
    CREATE TABLE dirty_asset (
        generation_id INTEGER NOT NULL,
        asset_id INTEGER NOT NULL,
        CONSTRAINT pk_dirty_asset PRIMARY KEY (generation_id, asset_id),
        CONSTRAINT fk_dirty_asset_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id)
    )
     WITHOUT ROWID
    """,
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
