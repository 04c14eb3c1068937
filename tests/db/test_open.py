"""Opening a library: new, locked, older, newer, damaged, read-only."""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from core.errors import LibraryDamaged, LibraryError, LibraryLocked, LibraryNotFound, LibraryTooNew, LibraryTooOld
from db import check_library, open_reader, open_writer
from db.connect import checkpoint, close, connect_writer
from db.migrate import HISTORY, SCRIPTS, bring_up_to_date, revision_of
from tests.conftest import PROJECT
from tests.db.making import Disk, index, model


def schema_of(database: Path) -> list[tuple[str, str, str]]:
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    ).fetchall()
    connection.close()
    return [(kind, name, " ".join(sql.split())) for kind, name, sql in rows if name != "alembic_version"]


def test_a_new_library_is_made_quickly_and_read_at_once(library: Path) -> None:
    with open_writer(library.with_name("warm"), command="index"):
        pass
    started = time.perf_counter()
    with open_writer(library, command="index"):
        took = time.perf_counter() - started
    assert took < 0.5
    with open_reader(library) as reader:
        assert reader.counts().files == 0
        with pytest.raises(LibraryNotFound, match="search index FOLDER"):
            reader.active_space()


def test_the_first_writer_needs_no_alembic(library: Path) -> None:
    code = f"""
        import sys
        from pathlib import Path
        from db import open_reader, open_writer
        with open_writer(Path({str(library)!r}), command="index"): pass
        with open_reader(Path({str(library)!r})): pass
        assert "alembic" not in sys.modules and "sqlalchemy.orm" not in sys.modules and "faiss" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, cwd=PROJECT)


def test_the_records_cost_no_sqlalchemy() -> None:
    code = "import sys, db.records; assert 'sqlalchemy' not in sys.modules and 'faiss' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)


def test_a_batch_survives_a_power_cut(library: Path) -> None:
    with open_writer(library, command="index") as writer:
        conn = writer.store.conn
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_migrations_and_tables_are_the_same_thing(tmp_path: Path) -> None:
    made, migrated = tmp_path / "made", tmp_path / "migrated"
    with open_writer(made, command="index"):
        pass
    migrated.mkdir()
    store = connect_writer(migrated)
    store.conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    store.conn.exec_driver_sql("INSERT INTO alembic_version VALUES ('none yet')")
    store.conn.exec_driver_sql("DELETE FROM alembic_version")
    from db.migrate import _upgrade

    _upgrade(store, SCRIPTS)
    assert revision_of(store) == HISTORY[-1]
    close(store)
    assert schema_of(made / "library.sqlite3") == schema_of(migrated / "library.sqlite3")


def test_every_migration_is_known() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == HISTORY


LATER = "9999"


def later_scripts(folder: Path) -> Path:
    """The migrations as a later version of `search` has them: one more."""
    shutil.copytree(SCRIPTS, folder)
    (folder / "versions" / "9999_later.py").write_text(
        f"from alembic import op\nrevision = '9999'\ndown_revision = '{HISTORY[-1]}'\n"
        "def upgrade():\n    op.execute('ALTER TABLE file ADD COLUMN later INTEGER')\n"
    )
    return folder


def test_an_older_library_is_migrated_after_a_backup(library: Path, disk: Disk, tmp_path: Path) -> None:
    disk.put(b"/p/a.jpg")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    before = (library / "library.sqlite3").read_bytes()
    store = connect_writer(library)
    bring_up_to_date(store, history=(*HISTORY, LATER), scripts=later_scripts(tmp_path / "scripts"))
    assert revision_of(store) == LATER
    assert store.conn.exec_driver_sql("SELECT count(*) FROM file WHERE later IS NULL").scalar_one() == 1
    close(store)
    backup = sqlite3.connect(library / f"library.sqlite3.backup-{HISTORY[-1]}")
    assert backup.execute("SELECT path FROM file").fetchall() == [(b"/p/a.jpg",)]
    assert backup.execute("SELECT version_num FROM alembic_version").fetchone() == (HISTORY[-1],)
    backup.close()
    assert len(before) > 0
    # and this version of the program refuses it, as a reader and as a writer
    with pytest.raises(LibraryTooNew, match="update this one"):
        open_reader(library)
    with pytest.raises(LibraryTooNew):
        open_writer(library, command="index")


def test_a_migration_that_fails_changes_nothing(library: Path, tmp_path: Path) -> None:
    with open_writer(library, command="index"):
        pass
    scripts = later_scripts(tmp_path / "scripts")
    with (scripts / "versions" / "9999_later.py").open("a") as script:
        script.write("    op.execute('SELECT nonsense')\n")
    store = connect_writer(library)
    with pytest.raises(Exception, match="nonsense"):
        bring_up_to_date(store, history=(*HISTORY, LATER), scripts=scripts)
    assert revision_of(store) == HISTORY[-1]
    close(store)
    with open_reader(library):
        pass


def test_readers_do_not_migrate(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_writer(library, command="index"):
        pass
    monkeypatch.setattr("db.migrate.HISTORY", (*HISTORY, LATER))
    with pytest.raises(LibraryTooOld, match="search index"):
        open_reader(library)


def test_no_library(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound, match="search index FOLDER"):
        open_reader(tmp_path / "nothing")
    with pytest.raises(LibraryNotFound):
        check_library(tmp_path / "nothing")
    (tmp_path / "library.sqlite3").touch()  # a first writer that was killed
    with pytest.raises(LibraryNotFound):
        open_reader(tmp_path)
    with open_writer(tmp_path, command="index"):
        pass
    assert check_library(tmp_path) == []


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "library.sqlite3")
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    with pytest.raises(LibraryTooNew, match="another folder"):
        open_writer(tmp_path, command="index")


@pytest.mark.parametrize("opener", [open_reader, lambda path: open_writer(path, command="index")])
def test_a_damaged_database_says_so(library: Path, opener) -> None:
    with open_writer(library, command="index"):
        pass
    (library / "library.sqlite3").write_bytes(b"no database at all" * 1000)
    with pytest.raises(LibraryDamaged, match="search doctor"):
        opener(library)
    assert [finding.code for finding in check_library(library)] == ["database"]


def test_the_second_writer_is_told_who_is_writing(library: Path) -> None:
    with open_writer(library, command="index /photos"), pytest.raises(LibraryLocked) as caught:
        open_writer(library, command="index")
    assert "search index /photos" in str(caught.value)
    assert f"process {os.getpid()} on this machine, since 20" in str(caught.value)
    with open_writer(library, command="index"):
        pass


def test_a_writer_waits_if_asked_to(library: Path) -> None:
    first = open_writer(library, command="index")
    started = time.monotonic()
    with pytest.raises(LibraryLocked):
        open_writer(library, command="index", wait_s=0.3)
    assert 0.25 < time.monotonic() - started < 5
    first.close()
    with open_writer(library, command="index", wait_s=0.3):
        pass


def test_a_killed_writer_frees_the_lock_and_its_run_is_ended(library: Path) -> None:
    code = f"""
        import os
        from pathlib import Path
        from db import open_writer
        open_writer(Path({str(library)!r}), command="index killed")
        os._exit(9)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, cwd=PROJECT).returncode == 9
    with open_writer(library, command="index") as writer:
        runs = writer.store.conn.exec_driver_sql("SELECT command, finished_at, counts FROM run ORDER BY id").all()
    assert [run.command for run in runs] == ["index killed", "index"]
    assert runs[0].finished_at is not None
    assert runs[0].counts is None
    assert runs[1].finished_at is None


def test_runs_keep_what_they_did(library: Path) -> None:
    with open_writer(library, command="index") as writer:
        writer.start_run("index again")
        writer.finish_run({"added": 3})
    connection = sqlite3.connect(library / "library.sqlite3")
    rows = connection.execute("SELECT command, counts, finished_at IS NULL FROM run ORDER BY id").fetchall()
    connection.close()
    assert rows == [("index", None, 0), ("index again", '{"added": 3}', 0)]


# Permissions bind root only without these two capabilities, which a program loses by being started anew.
BOUND = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="drops capabilities by prctl")
@pytest.mark.parametrize("journal", [False, True])
def test_a_library_in_a_read_only_folder_can_be_read(library: Path, disk: Disk, *, journal: bool) -> None:
    disk.put(b"/p/a.jpg")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    if journal:  # as a reader of old may leave it
        (library / "library.sqlite3-wal").touch()
    read = f"""
        from pathlib import Path
        from core.errors import LibraryError
        from db import open_reader, open_writer
        with open_reader(Path({str(library)!r})) as reader:
            space = reader.active_space()
            print(reader.counts(space).indexed, [p.path for p in reader.pictures(space, [0])])
        try:
            open_writer(Path({str(library)!r}), command="index")
        except LibraryError as error:
            print("refused:", error)
    """
    for path in (*library.rglob("*"), library):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        ran = subprocess.run(
            [sys.executable, "-c", BOUND, textwrap.dedent(read)],
            check=False,
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
    finally:
        for path in (library, *library.rglob("*")):
            path.chmod(0o755)
    assert ran.stdout.startswith("1 [b'/p/a.jpg']"), ran.stderr
    assert "refused: cannot write" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="drops capabilities by prctl")
def test_a_reader_that_may_not_write_has_a_snapshot_beside_the_writer_of_another(library: Path, disk: Disk) -> None:
    read = f"""
        from pathlib import Path
        from db import open_reader
        with open_reader(Path({str(library)!r})) as reader:
            print("reading", flush=True)
            input()
            print(reader.counts().files)
    """
    disk.put(b"/p/a.jpg")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
        checkpoint(writer.store)  # the journal is empty, and another user's writer at work all the same
        library.chmod(0o555)
        command = [sys.executable, "-c", BOUND, textwrap.dedent(read)]
        with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout is not None
            try:
                assert reader.stdout.readline() == "reading\n"
                disk.put(b"/p/b.jpg")
                index(writer, disk, b"/p")
                writer.store.conn.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
                answer, _ = reader.communicate("go on\n", timeout=30)
            finally:
                library.chmod(0o755)
    assert answer == "1\n"


def test_nothing_is_written_by_reading(library: Path, disk: Disk) -> None:
    disk.put(b"/p/a.jpg")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    before = (library / "library.sqlite3").read_bytes()
    with open_reader(library) as reader, pytest.raises(LibraryError, match="cannot be written"):
        reader._store.conn.exec_driver_sql("DELETE FROM file")
    assert (library / "library.sqlite3").read_bytes() == before


def test_use_space_pins_the_model(library: Path) -> None:
    with open_writer(library, command="index") as writer:
        assert writer.use_space(model()) == writer.use_space(model())


def test_a_file_in_the_place_of_the_library_is_said(library: Path) -> None:
    library.write_text("notes")
    for open_it in (open_reader, lambda path: open_writer(path, command="index")):
        with pytest.raises(LibraryError, match="is a file, and a library is a folder"):
            open_it(library)
    assert library.read_text() == "notes"
