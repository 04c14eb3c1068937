"""Filters: the same rows through the columns, through SQL, and by a plain reading of the facts."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.pictures import Orientation, PictureFacts, TakenAt, TakenSource
from core.queries import Filters, Near
from db import LibraryWriter, open_reader, open_writer
from db.records import ImportedRow
from tests.db.making import FACTS, Disk, index, unit

DAY = datetime.fromisoformat("2020-06-15")


def paths_allowed(library: Path, filters: Filters) -> set[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        mask, many = reader.allowed_rows(space, filters)
        rows = np.arange(reader.generation(space).committed_rows) if mask is None else np.flatnonzero(mask)
        pictures = reader.pictures(space, rows)
        assert len(pictures) == many  # a mask never lets a dead row through
        return {path for p in pictures for path in (p.path, *p.other_paths)}


@pytest.fixture
def indexed(writer: LibraryWriter, disk: Disk) -> Callable[..., None]:
    """Index pictures of these facts; half of the time the columns exist already."""

    def run(**pictures: PictureFacts) -> None:
        for name, facts in pictures.items():
            disk.put(os.fsencode(f"/p/{name}"))
            disk.facts[f"/p/{name}"] = facts
        index(writer, disk, b"/p")

    return run


def test_folders_end_where_their_names_end(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for path in (b"/a/b/1", b"/a/b/c/2", b"/a/bc/3", b"/a/b.jpg", b"/a/\xff\xfe/4", b"/a/\xff/5", b"/A/b/6", b"/7"):
        disk.put(path, repr(path))
    disk.put(b"/z/copy", repr(b"/a/b/1"))
    index(writer, disk, b"/a", b"/A", b"/7", b"/z")
    for force in (False, True):
        if force:
            writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
        below = {b"/a/b/1", b"/z/copy", b"/a/b/c/2"}  # the copy is the same picture
        assert paths_allowed(library, Filters(folders=(b"/a/b",))) == below
        assert paths_allowed(library, Filters(folders=(b"/z",))) == {b"/a/b/1", b"/z/copy"}
        assert paths_allowed(library, Filters(folders=(b"/a/\xff",))) == {b"/a/\xff/5"}
        assert paths_allowed(library, Filters(folders=(b"/a/\xff\xfe", b"/A"))) == {b"/a/\xff\xfe/4", b"/A/b/6"}
        assert paths_allowed(library, Filters(folders=(b"/a/b/c/",))) == {b"/a/b/c/2"}
        assert paths_allowed(library, Filters(folders=(b"/",))) == set(disk.files)
        assert paths_allowed(library, Filters(folders=(b"/nowhere",))) == set()


def test_dates_are_half_open(indexed: Callable[..., None], library: Path) -> None:
    def at(text: str) -> PictureFacts:
        return replace(FACTS, taken=TakenAt(datetime.fromisoformat(text), None, TakenSource.EXIF))

    indexed(
        a=at("2019-12-31T23:59:59"),
        b=at("2020-01-01T00:00:00"),
        c=at("2020-01-31T23:59:59"),
        d=at("2020-02-01T00:00:00"),
        old=at("1904-01-01T00:00:00"),
    )
    january = Filters(
        taken_from=datetime.fromisoformat("2020-01-01"), taken_before=datetime.fromisoformat("2020-02-01")
    )
    assert paths_allowed(library, january) == {b"/p/b", b"/p/c"}
    assert paths_allowed(library, Filters(taken_before=datetime.fromisoformat("1950-01-01"))) == {b"/p/old"}


def test_cameras_and_lenses_by_a_part_of_their_name(indexed: Callable[..., None], library: Path) -> None:
    indexed(
        a=replace(FACTS, camera="Canon EOS 40D", lens="EF 50mm f/1.8"),
        b=replace(FACTS, camera="NIKON D90"),
        c=replace(FACTS, lens="Canon lens on something"),
        d=replace(FACTS, camera="Kamera Größe"),
        e=FACTS,
    )
    assert paths_allowed(library, Filters(camera="canon")) == {b"/p/a", b"/p/c"}
    assert paths_allowed(library, Filters(camera="50MM")) == {b"/p/a"}
    assert paths_allowed(library, Filters(camera="GRÖSSE")) == {b"/p/d"}
    assert paths_allowed(library, Filters(camera="leica")) == set()
    assert paths_allowed(library, Filters(camera="%")) == set()


def test_near_is_a_great_circle(indexed: Callable[..., None], library: Path) -> None:
    indexed(
        paris=replace(FACTS, latitude=48.8566, longitude=2.3522),
        london=replace(FACTS, latitude=51.5074, longitude=-0.1278),  # 343.6 km from Paris
        fiji=replace(FACTS, latitude=-17.0, longitude=179.9),
        samoa=replace(FACTS, latitude=-17.0, longitude=-179.9),  # 21 km from the one before, over the date line
        nowhere=FACTS,
    )
    paris = (48.8566, 2.3522)
    assert paths_allowed(library, Filters(near=Near(*paris, 1))) == {b"/p/paris"}
    assert paths_allowed(library, Filters(near=Near(*paris, 343))) == {b"/p/paris"}
    assert paths_allowed(library, Filters(near=Near(*paris, 344.5))) == {b"/p/paris", b"/p/london"}
    assert paths_allowed(library, Filters(near=Near(-17.0, 180.0, 15))) == {b"/p/fiji", b"/p/samoa"}
    assert paths_allowed(library, Filters(near=Near(0, 0, 30_000))) == {
        b"/p/paris",
        b"/p/london",
        b"/p/fiji",
        b"/p/samoa",
    }


def test_shape_and_format(indexed: Callable[..., None], library: Path) -> None:
    indexed(
        wide=FACTS,
        tall=replace(FACTS, width=3, height=4, format="png"),
        square=replace(FACTS, width=4, height=4, format="heif"),
    )
    assert paths_allowed(library, Filters(orientation=Orientation.PORTRAIT)) == {b"/p/tall"}
    assert paths_allowed(library, Filters(orientation=Orientation.SQUARE)) == {b"/p/square"}
    assert paths_allowed(library, Filters(formats=("heif", "png"))) == {b"/p/tall", b"/p/square"}
    assert paths_allowed(library, Filters(formats=("webp",))) == set()
    assert paths_allowed(library, Filters(formats=("jpeg",), orientation=Orientation.SQUARE)) == set()


def test_unknown_facts_pass_no_filter_but_the_folder(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_imported_space("fake", 16)
    writer.import_rows(space, [ImportedRow(b"/x/a", unit("a"))])
    for filters in (
        Filters(taken_from=datetime.fromisoformat("0001-01-01")),
        Filters(taken_before=datetime.fromisoformat("9999-01-01")),
        Filters(camera=""),
        Filters(near=Near(0, 0, 1e9)),
        Filters(formats=("unknown",)),
        *(Filters(orientation=orientation) for orientation in Orientation),
    ):
        assert paths_allowed(library, filters) == set()
    assert paths_allowed(library, Filters(folders=(b"/x",))) == {b"/x/a"}


@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "another shape"])
def test_columns_are_never_trusted_blindly(writer: LibraryWriter, disk: Disk, library: Path, damage: str) -> None:
    """Invariant 2: missing, stale or damaged, they are bypassed; and the next refresh writes them anew."""
    for number in range(30):
        disk.put(b"/%s/%d" % (b"a" if number % 2 else b"b", number))
    index(writer, disk, b"/")
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=10**6, force=True)
    file = next((library / "spaces").rglob("columns.*"))
    expected = paths_allowed(library, Filters(folders=(b"/a",)))
    assert len(expected) == 15
    whole = file.read_bytes()
    if damage == "truncate":
        file.write_bytes(whole[:-40])
    elif damage == "flip":
        file.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    elif damage == "another shape":
        np.save(file, np.zeros(30))
    else:
        file.unlink()
    assert paths_allowed(library, Filters(folders=(b"/a",))) == expected
    writer.refresh_derived(space, exact_below=10**6)
    assert file.read_bytes() == whole


# The property: any library, any filter.

FOLDERS = [b"/r/a", b"/r/a/b", b"/r/ab", b"/r/\xff", b"/r"]
TIMES = [DAY + timedelta(hours=hours) for hours in range(-3, 4)]


@dataclass(frozen=True)
class Shot:
    folder: bytes
    content: int
    facts: PictureFacts


facts_of_shots = st.builds(
    PictureFacts,
    format=st.sampled_from(["jpeg", "png", "heif"]),
    width=st.sampled_from([3, 4, 5]),
    height=st.just(4),
    exif_orientation=st.just(1),
    taken=st.builds(TakenAt, st.sampled_from(TIMES), st.none(), st.just(TakenSource.EXIF)),
    camera=st.sampled_from([None, "Canon X", "nikon y"]),
    lens=st.sampled_from([None, "Canon lens", "Zeiss"]),
    latitude=st.sampled_from([0.0, 10.0, 60.0]),
    longitude=st.sampled_from([0.0, 10.0, -179.0]),
)
shots = st.lists(st.builds(Shot, st.sampled_from(FOLDERS), st.integers(0, 12), facts_of_shots), min_size=1, max_size=12)
any_filters = st.builds(
    Filters,
    folders=st.lists(st.sampled_from([*FOLDERS, b"/", b"/r/none"]), max_size=2).map(tuple),
    taken_from=st.none() | st.sampled_from(TIMES),
    taken_before=st.none() | st.sampled_from(TIMES),
    camera=st.sampled_from([None, "CANON", "y", "zeiss"]),
    near=st.none() | st.builds(Near, st.sampled_from([0.0, 59.0]), st.just(0.0), st.sampled_from([100.0, 2_000.0])),
    orientation=st.none() | st.sampled_from(Orientation),
    formats=st.lists(st.sampled_from(["jpeg", "png"]), max_size=1).map(tuple),
)


def holds(paths: list[bytes], facts: PictureFacts, filters: Filters) -> bool:
    """What a filter means, said as plainly as possible."""
    near = filters.near
    if near is not None:
        lat1, lon1, lat2, lon2 = map(
            math.radians, (near.latitude, near.longitude, facts.latitude or 0.0, facts.longitude or 0.0)
        )
        cosine = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
        if 6371.0088 * math.acos(max(-1.0, min(1.0, cosine))) > near.radius_km:
            return False
    named = f"{facts.camera or ''}|{facts.lens or ''}".casefold()
    return all(
        (
            not filters.folders
            or any(path.startswith(f.rstrip(b"/") + b"/") for path in paths for f in filters.folders),
            filters.taken_from is None or facts.taken.local >= filters.taken_from,
            filters.taken_before is None or facts.taken.local < filters.taken_before,
            filters.camera is None or filters.camera.casefold() in named,
            filters.orientation in {None, Orientation.of(facts.width, facts.height)},
            not filters.formats or facts.format in filters.formats,
        )
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    first=shots, second=shots, gone=st.sets(st.integers(0, 11)), wanted=st.lists(any_filters, min_size=1, max_size=6)
)
def test_columns_sql_and_a_plain_reading_agree(
    first: list[Shot], second: list[Shot], gone: set[int], wanted: list[Filters]
) -> None:
    disk = Disk()
    with TemporaryDirectory() as folder, open_writer(Path(folder) / "library", command="index") as writer:
        library = writer.path

        def take(shots: list[Shot], mark: bytes) -> None:
            for number, shot in enumerate(shots):
                disk.put(shot.folder + b"/%s%d" % (mark, number), f"content {shot.content}")
                disk.facts.setdefault(f"content {shot.content}", shot.facts)
            index(writer, disk, b"/r")

        take(first, b"first")
        writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
        # the columns grow old: a tail, dirty rows, copies that come and go, rows that are hidden
        for path in [path for number, path in enumerate(sorted(disk.files)) if number in gone]:
            del disk.files[path]
        take(second, b"second")
        # whatever went offline is still findable: ask the library which paths it has
        with open_reader(library) as reader:
            space = reader.active_space()
            rows = range(reader.generation(space).committed_rows)
            known = {p.row: ([p.path, *p.other_paths], p.facts) for p in reader.pictures(space, rows)}
            through_columns = [reader.allowed_rows(space, filters)[0] for filters in wanted]
        assert {path for paths, _ in known.values() for path in paths} >= set(disk.files)
        next((library / "spaces").rglob("columns.*")).unlink()
        with open_reader(library) as reader:
            for filters, mask in zip(wanted, through_columns, strict=True):
                plain = {row for row, (paths, facts) in known.items() if holds(paths, facts, filters)}
                through_sql = reader.allowed_rows(space, filters)[0]
                for found in (mask, through_sql):
                    rows_found = set(known) if found is None else set(np.flatnonzero(found).tolist())
                    assert rows_found == plain, filters
