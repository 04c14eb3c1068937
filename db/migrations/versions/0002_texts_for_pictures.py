"""Texts for pictures: each caption text once, what was thought of it, its vectors; tags; backgrounds for a cut-off."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE caption_text (
        id INTEGER NOT NULL,
        text TEXT NOT NULL,
        CONSTRAINT pk_caption_text PRIMARY KEY (id),
        CONSTRAINT uq_caption_text_text UNIQUE (text)
    )
    """,
    "INSERT INTO caption_text (text) SELECT DISTINCT text FROM caption",
    "ALTER TABLE caption RENAME TO caption_before",
    "DROP INDEX ix_caption_asset_id",
    "DROP INDEX ix_caption_file_id",
    """
    CREATE TABLE caption (
        id INTEGER NOT NULL,
        asset_id INTEGER NOT NULL,
        file_id INTEGER,
        text_id INTEGER NOT NULL,
        source TEXT NOT NULL,
        model TEXT,
        "match" FLOAT,
        judge TEXT,
        kept INTEGER DEFAULT 1 NOT NULL,
        CONSTRAINT pk_caption PRIMARY KEY (id),
        CONSTRAINT fk_caption_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE,
        CONSTRAINT fk_caption_file_id FOREIGN KEY(file_id) REFERENCES file (id) ON DELETE CASCADE,
        CONSTRAINT fk_caption_text_id FOREIGN KEY(text_id) REFERENCES caption_text (id)
    )
    """,
    """
    INSERT INTO caption (id, asset_id, file_id, text_id, source)
    SELECT c.id, c.asset_id, c.file_id, t.id, c.source FROM caption_before c JOIN caption_text t ON t.text = c.text
    """,
    "DROP TABLE caption_before",
    "CREATE INDEX ix_caption_asset_id ON caption (asset_id)",
    "CREATE INDEX ix_caption_file_id ON caption (file_id)",
    "CREATE INDEX ix_caption_text_id ON caption (text_id)",
    """
    CREATE TABLE caption_row (
        generation_id INTEGER NOT NULL,
        "row" INTEGER NOT NULL,
        text_id INTEGER NOT NULL,
        CONSTRAINT pk_caption_row PRIMARY KEY (generation_id, "row"),
        CONSTRAINT uq_caption_row_text_id_generation_id UNIQUE (text_id, generation_id),
        CONSTRAINT fk_caption_row_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id),
        CONSTRAINT fk_caption_row_text_id FOREIGN KEY(text_id) REFERENCES caption_text (id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE tag (
        id INTEGER NOT NULL,
        name TEXT NOT NULL,
        folded TEXT NOT NULL,
        CONSTRAINT pk_tag PRIMARY KEY (id),
        CONSTRAINT uq_tag_folded UNIQUE (folded)
    )
    """,
    """
    CREATE TABLE asset_tag (
        asset_id INTEGER NOT NULL,
        tag_id INTEGER NOT NULL,
        source TEXT NOT NULL,
        model TEXT,
        score FLOAT,
        tagged_at FLOAT NOT NULL,
        CONSTRAINT pk_asset_tag PRIMARY KEY (asset_id, tag_id, source),
        CONSTRAINT fk_asset_tag_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE,
        CONSTRAINT fk_asset_tag_tag_id FOREIGN KEY(tag_id) REFERENCES tag (id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX ix_asset_tag_tag_id ON asset_tag (tag_id)",
    """
    CREATE TABLE background (
        space_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        vectors BLOB NOT NULL,
        count INTEGER NOT NULL,
        made_from TEXT NOT NULL,
        CONSTRAINT pk_background PRIMARY KEY (space_id, kind),
        CONSTRAINT fk_background_space_id FOREIGN KEY(space_id) REFERENCES space (id) ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
