"""Keyword search: an index of words, kept in line by triggers that note which texts came, went or changed."""

from contextlib import suppress

from alembic import op
from sqlalchemy.exc import OperationalError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE unread_text (
        kind INTEGER NOT NULL,
        id INTEGER NOT NULL,
        CONSTRAINT pk_unread_text PRIMARY KEY (kind, id)
    ) WITHOUT ROWID
    """,
    "INSERT INTO unread_text SELECT 0, id FROM caption_text",
    "INSERT INTO unread_text SELECT 1, id FROM tag",
    "INSERT INTO unread_text SELECT 2, id FROM folder",
    "INSERT INTO unread_text SELECT 3, id FROM file",
    """
    CREATE TRIGGER words_caption_text_insert AFTER INSERT ON caption_text
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (0, NEW.id); END
    """,
    """
    CREATE TRIGGER words_caption_text_delete AFTER DELETE ON caption_text
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (0, OLD.id); END
    """,
    """
    CREATE TRIGGER words_tag_insert AFTER INSERT ON tag
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (1, NEW.id); END
    """,
    """
    CREATE TRIGGER words_tag_delete AFTER DELETE ON tag
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (1, OLD.id); END
    """,
    """
    CREATE TRIGGER words_tag_update AFTER UPDATE OF name ON tag
    WHEN OLD.name <> NEW.name
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (1, NEW.id); END
    """,
    """
    CREATE TRIGGER words_folder_insert AFTER INSERT ON folder
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (2, NEW.id); END
    """,
    """
    CREATE TRIGGER words_folder_delete AFTER DELETE ON folder
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (2, OLD.id); END
    """,
    """
    CREATE TRIGGER words_folder_update AFTER UPDATE OF path ON folder
    WHEN OLD.path <> NEW.path
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (2, NEW.id); END
    """,
    """
    CREATE TRIGGER words_file_insert AFTER INSERT ON file
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (3, NEW.id); END
    """,
    """
    CREATE TRIGGER words_file_delete AFTER DELETE ON file
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (3, OLD.id); END
    """,
    """
    CREATE TRIGGER words_file_update AFTER UPDATE OF path ON file
    WHEN OLD.path <> NEW.path
    BEGIN INSERT OR IGNORE INTO unread_text VALUES (3, NEW.id); END
    """,
    """
    CREATE TRIGGER words_root_insert AFTER INSERT ON root
    BEGIN INSERT OR IGNORE INTO unread_text
    SELECT 2, id FROM folder WHERE substr(path, 1, length(NEW.path)) = NEW.path; END
    """,
    """
    CREATE TRIGGER words_root_delete AFTER DELETE ON root
    BEGIN INSERT OR IGNORE INTO unread_text
    SELECT 2, id FROM folder WHERE substr(path, 1, length(OLD.path)) = OLD.path; END
    """,
)
_INDEX = "CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram case_sensitive 1', columnsize = 0)"


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    with suppress(OperationalError):  # this SQLite has no trigrams: the notes wait for one that has
        op.get_bind().exec_driver_sql(_INDEX)
