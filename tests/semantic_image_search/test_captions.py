"""Captions of a library: taken in from files of every kind, looked up, removed, found."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import LibraryLocked, LibraryNotFound, UsageError, WeightsMissing
from core.indexing import Progress
from core.pictures import Caption, CaptionSource
from db import open_reader, open_writer
from db.vectors.upkeep import Action
from semantic_image_search import Library, open_library
from tests.fakes import FakeEncoder
from tests.indexer.runs import picture
from tests.tiny_clip import make_tiny_clip


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Pictures of which two are called alike, and one has a caption of its own."""
    folder = tmp_path / "photos"
    for seed, name in enumerate(("a.jpg", "b.jpg", "2019/same.jpg", "2020/same.jpg", "sub/käse.jpg")):
        picture(folder / name, seed)
    (folder / "a.txt").write_text("what the sidecar says")
    return folder


@pytest.fixture
def library(photos: Path, tmp_path: Path) -> Library:
    opened = open_library(tmp_path / "library", model=FakeEncoder())
    opened.index([photos])
    return opened


def write(folder: Path, name: str, content: object, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding=encoding)
    return file


def imported_of(library: Library, path: Path) -> list[str]:
    return [one.text for one in library.captions.of(path) if one.source is CaptionSource.IMPORTED]


KARPATHY = {
    "images": [
        {"filename": "a.jpg", "split": "train", "sentences": [{"raw": "a dog"}, {"raw": "a small  dog\n"}]},
        {"filename": "b.jpg", "split": "test", "sentences": [{"raw": "a cat"}]},
    ]
}
COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "annotations": [
        {"image_id": 1, "caption": "a dog"},
        {"image_id": 1, "caption": "a small dog"},
        {"image_id": 2, "caption": "a cat"},
    ],
}
ROWS = [{"file": "a.jpg", "caption": ["a dog", "a small dog"]}, {"file": "b.jpg", "caption": "a cat"}]
FORMS = {
    "karpathy.json": KARPATHY,
    "coco.json": COCO,
    "list.json": ROWS,
    "lines.jsonl": "\n".join(map(json.dumps, ROWS)),
    "table.csv": "image_path,text\na.jpg,a dog\na.jpg,a small dog\nb.jpg,a cat\n",
    "bare.csv": "a.jpg,a dog\na.jpg,a small dog\nb.jpg,a cat\n",
    "table.tsv": "number\tfile\tcaption\n1\ta.jpg\ta dog\n2\ta.jpg\ta small dog\n3\tb.jpg\ta cat",
    "flickr.txt": "a.jpg#0\ta dog\na.jpg#1\ta small dog\nb.jpg#0\ta cat\n",
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_every_kind_of_file(library: Library, photos: Path, name: str, encoding: str) -> None:
    done = library.captions.import_file(write(photos, name, FORMS[name], encoding))
    assert (done.pictures, done.added, done.known, done.bad, done.unmatched) == (2, 3, 0, 0, 0)
    assert done.matched_by == {"path": 2}
    assert imported_of(library, photos / "a.jpg") == ["a dog", "a small dog"]
    assert imported_of(library, photos / "b.jpg") == ["a cat"]
    again = library.captions.import_file(photos / name)
    assert (again.added, again.known, again.embedded) == (0, 3, 0)
    assert imported_of(library, photos / "a.jpg") == ["a dog", "a small dog"]
    assert library.doctor() == []


def test_imported_captions_are_searched_at_once(library: Library, photos: Path) -> None:
    done = library.captions.import_file(write(photos, "c.csv", "file,caption\nb.jpg,green grass\n"))
    assert done.embedded == 1
    with open_reader(library.path) as reader:
        (query,) = FakeEncoder().encode_texts(["a green thing"])
        assert reader.search_captions(reader.active_space(), query, 1)[0].text == "green grass"


def test_which_picture_a_name_means(library: Library, photos: Path, tmp_path: Path) -> None:
    table = f"""file,caption
{photos}/a.jpg,absolute
photos/b.jpg,relative to the file
/gone/2019/same.jpg,by its folder
C:\\Users\\me\\käse.jpg,by its name alone
/gone/2020/a.jpg,by its name alone
/gone/same.jpg,either of two
gone.jpg,of nobody
a.jpg,
"""
    done = library.captions.import_file(write(tmp_path, "c.csv", table))
    assert done.matched_by == {"path": 2, "folder": 1, "name": 2}
    assert imported_of(library, photos / "a.jpg") == ["absolute", "by its name alone"]
    assert imported_of(library, photos / "b.jpg") == ["relative to the file"]
    assert imported_of(library, photos / "2019" / "same.jpg") == ["by its folder"]
    assert imported_of(library, photos / "2020" / "same.jpg") == []
    assert imported_of(library, photos / "sub" / "käse.jpg") == ["by its name alone"]
    assert (done.unmatched, done.unmatched_examples) == (1, ("gone.jpg",))
    assert (done.ambiguous, done.ambiguous_examples) == (1, ("/gone/same.jpg",))
    assert (done.bad, done.bad_examples) == (1, ("a.jpg: its caption is empty",))


def test_copies_under_one_name_are_one_picture(library: Library, photos: Path, tmp_path: Path) -> None:
    (photos / "copies").mkdir()
    (photos / "copies" / "b.jpg").write_bytes((photos / "b.jpg").read_bytes())
    library.index()
    done = library.captions.import_file(write(tmp_path, "c.csv", "file,caption\nb.jpg,a cat\n"))
    assert (done.matched_by, done.ambiguous) == ({"name": 1}, 0)
    assert imported_of(library, photos / "copies" / "b.jpg") == ["a cat"]


@pytest.mark.parametrize(("name", "how"), [("sub/ka\u0308se.jpg", "path"), ("ka\u0308se.jpg", "name")])
def test_an_accent_may_be_a_character_of_its_own(library: Library, photos: Path, name: str, how: str) -> None:
    done = library.captions.import_file(write(photos, "c.csv", f"file,caption\n{name},a cheese\n"))
    assert done.matched_by == {how: 1}
    assert imported_of(library, photos / "sub" / "k\u00e4se.jpg") == ["a cheese"]


def test_a_name_that_is_not_utf8_is_found_by_its_text(library: Library, photos: Path, tmp_path: Path) -> None:
    odd = os.path.join(os.fsencode(photos), b"caf\xe9.jpg")  # noqa: PTH118 - bytes
    os.rename(photos / "b.jpg", odd)  # noqa: PTH104 - bytes
    library.index()
    done = library.captions.import_file(write(tmp_path, "c.csv", "file,caption\nphotos/a.jpg,a dog\ncafé.jpg,no\n"))
    assert (done.added, done.unmatched_examples) == (1, ("café.jpg",))
    assert library.captions.of(odd) == ()


REFUSED = {
    "columns.csv": ("img,what it shows\na.jpg,a dog\n", "has the columns img, what it shows: a row needs a picture"),
    "keys.json": ([{"img": "a.jpg", "desc": "a dog"}], "no file among img, desc: a row needs a picture"),
    "none.csv": ("file,caption\nx.jpg,a dog\ny.jpg,a cat\n", "none of the 2 pictures that .* the first is x.jpg"),
    "odd.json": ({"a": 1}, "is not a file of captions"),
    "cut.json": ('[{"file": "a.jpg", "cap', "is not valid JSON"),
    "empty.csv": ("", "is not a table"),
    "header.csv": ("file,caption\n", "holds no captions"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_file_of_captions(library: Library, photos: Path, name: str) -> None:
    content, said = REFUSED[name]
    with pytest.raises(UsageError, match=said):
        library.captions.import_file(write(photos, name, content))
    assert library.captions.counts().captions == 1


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused_before_anything_is_taken_in(library: Library, photos: Path, encoding: str) -> None:
    file = write(photos, "c.csv", "file,caption\na.jpg,a dog\nb.jpg,ein Käse\n", encoding)
    with pytest.raises(UsageError, match=r"is not UTF-8 \(line [13]\)"):
        library.captions.import_file(file)
    assert library.captions.counts().captions == 1


def test_a_bad_row_never_stops_the_others(library: Library, photos: Path) -> None:
    lines = ['{"file": "a.jpg", "caption": "a dog"}', "{", "[1]", '{"file": 7, "caption": "x"}', '{"file": "b.jpg"}']
    lines += ['{"file": "b.jpg", "caption": "\\ud800 a \\u0000cat"}', '{"file": "\\ud800.jpg", "caption": "x"}']
    done = library.captions.import_file(write(photos, "c.jsonl", "\n".join(lines)))
    assert (done.added, done.bad, done.unmatched) == (2, 4, 1)
    assert imported_of(library, photos / "b.jpg") == ["??? a cat".replace("???", "\ufffd\ufffd\ufffd")]


def test_what_a_model_wrote_is_told_apart(library: Library, photos: Path) -> None:
    file = write(photos, "c.csv", "file,caption\nb.jpg,a cat\n")
    library.captions.import_file(file)
    library.captions.import_file(file, model="LLaVA")
    assert library.captions.of(photos / "b.jpg") == (
        Caption("a cat", CaptionSource.IMPORTED),
        Caption("a cat", CaptionSource.IMPORTED, "LLaVA"),
    )


def test_looking_up_and_removing(library: Library, photos: Path) -> None:
    assert library.captions.of(photos / "a.jpg") == (Caption("what the sidecar says", CaptionSource.SIDECAR_TEXT),)
    assert library.captions.of(photos / "b.jpg") == ()
    library.captions.import_file(write(photos, "c.csv", "file,caption\na.jpg,a dog\nb.jpg,a cat\n"))
    assert library.captions.remove(photos / "a.jpg", sources=[CaptionSource.GENERATED]) == 0
    assert library.captions.remove(photos / "a.jpg") == 1
    assert [one.text for one in library.captions.of(photos / "a.jpg")] == ["what the sidecar says"]
    assert imported_of(library, photos / "b.jpg") == ["a cat"]
    for ask in (library.captions.of, library.captions.remove):
        with pytest.raises(UsageError, match="has no picture at"):
            ask(photos / "nothing.jpg")


def test_nothing_to_import_into(tmp_path: Path, library: Library, photos: Path) -> None:
    file = write(photos, "c.csv", "file,caption\na.jpg,a dog\n")
    with pytest.raises(LibraryNotFound):
        open_library(tmp_path / "none").captions.import_file(file)
    assert not (tmp_path / "none").exists()
    with open_writer(library.path, command="index"), pytest.raises(LibraryLocked):
        library.captions.import_file(file)


def test_status_tells_how_captions_are_searched(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.captions.import_file(
        write(photos, "c.csv", "file,caption\n" + "".join(f"b.jpg,text {n}\n" for n in range(99)))
    )
    (exact,) = library.status().spaces
    assert exact.caption_index is not None
    assert exact.caption_index.record is None
    monkeypatch.setenv("SEARCH_EXACT_BELOW", "64")
    library = open_library(library.path)
    (due,) = library.status().spaces
    assert due.caption_index is not None
    assert (due.captions, due.caption_index.due.reason) == (100, "there is none yet for 100 rows")
    assert due.index.due.action is Action.NOTHING  # two pictures
    library.optimize()
    (built,) = library.status().spaces
    assert built.caption_index is not None
    assert built.caption_index.record is not None
    assert (built.caption_index.record.built_rows, built.caption_index.due.action) == (100, Action.NOTHING)
    assert built.index.record is None


def stop_once(stage: str, done: int) -> Callable[[Progress], None]:
    """A person who presses Ctrl-C when a run has come so far."""
    left = [stage]

    def listen(progress: Progress) -> None:
        if left and progress.stage == left[0] and progress.done >= done:
            left.clear()
            os.kill(os.getpid(), signal.SIGINT)

    return listen


def test_stopped_while_embedding_it_keeps_what_is_done(library: Library, photos: Path) -> None:
    file = write(photos, "c.csv", "file,caption\n" + "".join(f"b.jpg,text {n}\n" for n in range(600)))
    done = library.captions.import_file(file, listener=stop_once("texts", 256))
    assert (done.interrupted, done.added, done.known) == (True, 600, 0)
    assert library.status().spaces[0].captions == 2 * 256 + 1  # and the sidecar's
    again = library.captions.import_file(file)
    assert (again.interrupted, again.added, again.known, again.embedded) == (False, 0, 600, 600 - 2 * 256)
    assert library.doctor() == []


def test_stopped_between_pictures_it_goes_on_there(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_image_search.captions.importing.BATCH", 1)
    file = write(photos, "c.csv", "file,caption\na.jpg,a dog\nb.jpg,a cat\n2019/same.jpg,a cow\n")
    done = library.captions.import_file(file, listener=stop_once("import", 1))
    assert (done.interrupted, done.pictures, done.added, done.embedded) == (True, 2, 2, 0)
    again = library.captions.import_file(file)
    assert (again.added, again.known, again.embedded) == (1, 2, 3)


def nearest(library: Library, text: str) -> tuple[str, str]:
    """The model that answers, and the caption it finds nearest to a text."""
    with open_reader(library.path) as reader:
        space = reader.active_space()
        return space.name, reader.search_captions(space, library.encode_texts([text])[0], 1)[0].text


def test_changing_the_model_changes_the_vectors_of_captions(photos: Path, tmp_path: Path) -> None:
    old, new = (make_tiny_clip(tmp_path / f"model{seed}", seed=seed) for seed in (0, 1))
    path = tmp_path / "changing"
    with open_library(path, model=old) as library:
        assert library.index([photos]).captions == 1
        library.captions.import_file(write(photos, "c.csv", "file,caption\na.jpg,a dog\nb.jpg,a cat\n"))
        library.use_model(new)
    with open_library(path) as library:
        assert nearest(library, "a cat") == (old, "a cat")  # the old one answers until all is there
        done = library.captions.import_file(write(photos, "d.csv", "file,caption\nb.jpg,two cats\n"))
        assert (done.added, done.embedded) == (1, 4)  # into both spaces; the new one lacked the other three
        assert nearest(library, "two cats") == (old, "two cats")
        assert library.index().captions == 0
    with open_library(path) as library:
        assert nearest(library, "a cat") == (new, "a cat")
        assert nearest(library, "two cats") == (new, "two cats")
        library.index()  # lets go of the old space
        assert [one.captions for one in library.status().spaces] == [4]
        assert library.doctor() == []


class Gone(FakeEncoder):
    """Its weights were on another machine."""

    def encode_texts(self, texts: object) -> object:
        raise WeightsMissing("the weights of fake are not here", fetchable="fake")


def test_without_the_model_captions_are_kept_for_later(library: Library, photos: Path) -> None:
    file = write(photos, "c.csv", "file,caption\nb.jpg,green grass\n")
    done = open_library(library.path, model=Gone()).captions.import_file(file)
    assert (done.added, done.embedded) == (1, 0)
    assert "not embedded yet" in done.notices[0]
    assert imported_of(library, photos / "b.jpg") == ["green grass"]
    assert library.index().captions == 1
