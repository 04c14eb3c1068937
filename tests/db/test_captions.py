"""Captions: kept once, found while a live picture has them, gone when it goes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.pictures import Caption, CaptionSource
from db import LibraryWriter, open_reader
from db.records import CaptionCounts
from tests.db.captioning import caption, caption_rows, embed, found_texts, generated, image_at, imported
from tests.db.making import FACTS, Disk, index, model, unit


@pytest.fixture
def photos(writer: LibraryWriter, disk: Disk) -> Disk:
    """Twenty pictures; a and b have a caption of their own, and one that both have."""
    for number in range(18):
        disk.put(b"/p/%d" % number)
    for name in ("a", "b"):
        disk.put(f"/p/{name}".encode())
        own = (f"only {name}", "OLYMPUS DIGITAL CAMERA")
        disk.facts[f"/p/{name}"] = replace(FACTS, captions=tuple(Caption(t, CaptionSource.EXIF) for t in own))
    index(writer, disk, b"/p")
    return disk


def test_a_text_is_embedded_once_and_found(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    space = writer.use_space(model())
    assert writer.count_unembedded(space) == 3
    assert embed(writer, space) == 3
    assert caption_rows(library) == (3, 3)
    assert list(writer.unembedded_texts(space)) == []
    with open_reader(library) as reader:
        (best, second) = reader.search_captions(space, unit("fake:only b"), 2)
        assert (best.text, best.score) == ("only b", pytest.approx(1.0, abs=1e-3))
        assert second.score < best.score
        assert reader.search_captions(space, unit("x"), 100)[2:]
        # pictures are found as before: captions have rows of their own
        assert reader.generation(space).committed_rows == 20


def test_without_embedded_captions_nothing_is_found(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    assert found_texts(library) == set()
    with pytest.raises(LookupError):
        caption_rows(library)


def hide(disk: Disk, writer: LibraryWriter) -> None:
    del disk.files[b"/p/a"]
    index(writer, disk, b"/p")


def prune(disk: Disk, writer: LibraryWriter) -> None:
    del disk.files[b"/p/a"]
    index(writer, disk, b"/p", prune=True)


def forget(_: Disk, writer: LibraryWriter) -> None:
    writer.forget(b"/p/a")


def edit(disk: Disk, writer: LibraryWriter) -> None:
    disk.put(b"/p/a", "another picture")
    index(writer, disk, b"/p")


def lose_the_sidecar(disk: Disk, writer: LibraryWriter) -> None:
    disk.facts["/p/a"] = FACTS
    disk.sidecars[b"/p/a"] = b"changed"
    index(writer, disk, b"/p")


GONE: dict[str, Callable[[Disk, LibraryWriter], None]] = {
    "the file vanished": hide,
    "it was pruned": prune,
    "it was forgotten": forget,
    "another picture took its name": edit,
    "the sidecar went": lose_the_sidecar,
}


@pytest.mark.parametrize("name", GONE)
def test_a_caption_is_found_while_a_live_picture_has_it(
    writer: LibraryWriter, photos: Disk, library: Path, name: str
) -> None:
    embed(writer, writer.use_space(model()))
    GONE[name](photos, writer)
    assert found_texts(library) == {"only b", "OLYMPUS DIGITAL CAMERA"}


def test_a_hidden_picture_brings_its_caption_back_without_the_model(
    writer: LibraryWriter, photos: Disk, library: Path
) -> None:
    space = writer.use_space(model())
    embed(writer, space)
    kept = photos.files[b"/p/a"]
    hide(photos, writer)
    assert caption_rows(library) == (3, 2)
    photos.files[b"/p/a"] = kept
    index(writer, photos, b"/p")
    assert found_texts(library) == {"only a", "only b", "OLYMPUS DIGITAL CAMERA"}
    assert writer.count_unembedded(space) == 0


def test_an_offline_picture_keeps_its_caption(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    embed(writer, writer.use_space(model()))
    photos.files.clear()
    index(writer, photos, b"/p", reachable=False)
    assert "only a" in found_texts(library)


def test_forgetting_erases_the_text(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    embed(writer, writer.use_space(model()))
    caption(library, writer, b"/p/a", imported("a secret"), generated("a guess"))
    embed(writer, writer.use_space(model()))
    writer.forget(b"/p/a")
    texts = set(writer.store.conn.exec_driver_sql("SELECT text FROM caption_text").scalars())
    assert texts == {"only b", "OLYMPUS DIGITAL CAMERA"}
    assert b"a secret" not in (library / "library.sqlite3").read_bytes()
    assert found_texts(library) == texts


def test_what_belongs_to_the_picture_stays_with_a_copy(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for name in (b"/p/a", b"/q/a"):
        disk.put(name, "the same")
    disk.facts["the same"] = replace(FACTS, captions=(Caption("found", CaptionSource.EXIF),))
    index(writer, disk, b"/p", b"/q")
    caption(library, writer, b"/p/a", imported("imported"))
    embed(writer, writer.use_space(model()))
    writer.forget(b"/p/a")
    assert found_texts(library) == {"found", "imported"}  # the copy came with the same one
    with open_reader(library) as reader:
        own = reader.captions_of([image_at(reader, b"/q/a")]).popitem()[1]
        assert {(one.text, one.source) for one in own} == {
            ("found", CaptionSource.EXIF),
            ("imported", CaptionSource.IMPORTED),
        }


def test_the_same_caption_is_added_once(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    image_id = caption(library, writer, b"/p/1", imported("a dog"), generated("a dog"), generated("a dog", "other"))
    assert writer.add_captions({image_id: (imported("a dog"), generated("a dog"), imported(" "), imported(""))}) == 0
    assert writer.add_captions({image_id: (imported("a cat"),)}) == 1
    assert writer.add_captions({}) == 0
    with open_reader(library) as reader:
        assert reader.captions_of([image_id])[image_id] == (
            imported("a dog"),
            generated("a dog"),
            generated("a dog", "other"),
            imported("a cat"),
        )


def test_what_a_judge_rejects_is_found_by_nothing(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    space = writer.use_space(model())
    image_id = caption(library, writer, b"/p/1", generated("a dog"), generated("a submarine"))
    embed(writer, space)
    to_judge = {one.text: one for one in writer.captions_to_judge("itm")}
    assert set(to_judge) == {"a dog", "a submarine", "only a", "only b", "OLYMPUS DIGITAL CAMERA"}
    one = to_judge["a submarine"]
    assert (one.image_id, one.path, one.source) == (image_id, b"/p/1", CaptionSource.GENERATED)
    dog, submarine = to_judge["a dog"].id, one.id
    assert writer.judge_captions([(dog, 0.9, True), (submarine, 0.01, False)], judge="itm") == 2
    assert "a submarine" not in found_texts(library)
    assert "a dog" in found_texts(library)
    assert {one.text for one in writer.captions_to_judge("itm")} == {"only a", "only b", "OLYMPUS DIGITAL CAMERA"}
    assert writer.count_to_judge("itm") == 4  # two pictures have the camera's
    assert writer.count_to_judge("another judge") == 6
    with open_reader(library) as reader:
        (picture,) = reader.pictures(space, reader.rows_at_path(space, b"/p/1"))
        assert [caption.text for caption in picture.facts.captions] == ["a dog"]  # an answer shows what is kept
        shown = reader.captions_of([image_id])[image_id]
        assert shown == (generated("a dog", match=0.9), generated("a submarine", match=0.01, kept=False))
        assert reader.caption_counts() == CaptionCounts(
            captions=6,
            texts=4,
            pictures=3,
            rejected=1,
            judged=2,
            sources={CaptionSource.EXIF: 4, CaptionSource.GENERATED: 2},
        )
    # a second judge, or the same with another threshold, changes its mind
    writer.judge_captions([(submarine, 0.6, True)], judge="itm")
    assert "a submarine" in found_texts(library)
    assert writer.count_unembedded(space) == 0


def test_what_was_never_kept_is_not_embedded(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    image_id = caption(library, writer, b"/p/1")
    writer.add_captions({image_id: (generated("a submarine", match=0.01, kept=False),)}, judge="itm")
    assert "a submarine" not in {text for _, text in writer.unembedded_texts(writer.use_space(model()))}
    assert "a submarine" not in {one.text for one in writer.captions_to_judge("itm")}


def test_pictures_without_a_generated_caption(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    caption(library, writer, b"/p/1", generated("a dog", "blip"))
    caption(library, writer, b"/p/2", imported("a cat"), generated("a cat", "other"))
    del photos.files[b"/p/3"]
    index(writer, photos, b"/p")
    records = list(writer.pictures_without_caption("blip"))
    assert {one.path for one in records} == set(photos.files) - {b"/p/1"}
    assert writer.count_without_caption("blip") == len(records) == 18
    assert all(one.content_hash is not None for one in records)
    photos.files.clear()
    index(writer, photos, b"/p", reachable=False)
    assert list(writer.pictures_without_caption("blip")) == []  # nothing there can be read


def test_work_goes_on_over_pages_and_commits(
    writer: LibraryWriter, photos: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.caption_work._PAGE", 3)
    monkeypatch.setattr("db.caption_rows._PAGE", 3)
    seen = []
    for record in writer.pictures_without_caption("blip"):
        writer.add_captions({record.image_id: (generated(f"picture {record.image_id}"),)})
        seen.append(record.image_id)
    assert len(seen) == len(set(seen)) == 20
    judged = []
    for record in writer.captions_to_judge("itm"):
        writer.judge_captions([(record.id, 0.5, True)], judge="itm")
        judged.append((record.image_id, record.id))
    assert judged == sorted(judged)
    assert len(judged) == 24
    assert embed(writer, writer.use_space(model()), batch=2) == 23


def test_removing_captions(writer: LibraryWriter, photos: Disk, library: Path) -> None:
    image_id = caption(library, writer, b"/p/a", imported("typed in"), generated("a guess"))
    embed(writer, writer.use_space(model()))
    assert writer.remove_captions([image_id], [CaptionSource.GENERATED]) == 1
    assert found_texts(library) == {"only a", "only b", "OLYMPUS DIGITAL CAMERA", "typed in"}
    # what came with the file stays: it would come back with it
    assert writer.remove_captions([image_id], list(CaptionSource)) == 1
    assert "only a" in found_texts(library)
