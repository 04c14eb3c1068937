"""Caption texts get their vectors at the end of a run, batch by batch, and only where there are new ones."""

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.arrays import Vectors
from core.indexing import IndexRequest, Progress
from core.models import VectorKind
from core.paths import absolute
from core.pictures import Caption, CaptionSource
from db import check_library, open_reader, open_writer
from indexer import embed_captions, index_folders
from tests.fakes import FakeEncoder
from tests.indexer.program import finished, start
from tests.indexer.runs import album, ignore_progress, index, picture


class Towers(FakeEncoder):
    """Writes down which texts it was asked to encode."""

    def __init__(self, name: str = "fake") -> None:
        super().__init__(name)
        self.texts: list[str] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().encode_texts(texts)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twenty pictures; five have a sidecar that names a colour, two of them the same."""
    album(tmp_path / "photos", 20)
    for number, text in enumerate(("red roses", "green grass", "blue sky", "yellow sand", "red roses")):
        (tmp_path / "photos" / f"{number:04d}.txt").write_text(text)
    return tmp_path / "photos"


def best_text(library: Path, words: str) -> str:
    with open_reader(library) as reader:
        (query,) = FakeEncoder().encode_texts([words])
        return reader.search_captions(reader.active_space(), query, 1)[0].text


def test_the_captions_of_a_run_are_found_after_it(library: Path, photos: Path) -> None:
    encoder, heard = Towers(), []
    report = index(library, photos, encoder=encoder, listener=heard.append)
    assert (report.embedded, report.captions) == (20, 4)
    assert sorted(encoder.texts) == ["blue sky", "green grass", "red roses", "yellow sand"]
    assert best_text(library, "a green thing") == "green grass"
    assert [(one.done, one.total) for one in heard if one.stage == "texts"] == [(0, 4)]
    assert check_library(library) == []


def test_a_run_without_new_texts_asks_no_text_tower(library: Path, photos: Path) -> None:
    index(library, photos)
    picture(photos / "new.jpg", 77)
    encoder = Towers()
    assert index(library, photos, encoder=encoder).added == 1
    assert encoder.texts == []
    (photos / "0007.txt").write_text("white snow")
    index(library, photos, encoder=encoder)
    assert encoder.texts == ["white snow"]
    assert best_text(library, "white") == "white snow"


def test_both_spaces_get_the_captions_while_the_model_changes(library: Path, photos: Path) -> None:
    index(library, photos)
    old, new = Towers(), Towers("new")
    (photos / "0008.txt").write_text("black night")
    with open_writer(library, command="index") as writer:
        spaces = [(writer.use_space(old.info), old), (writer.begin_space(new.info), new)]
        index_folders(writer, spaces, IndexRequest(workers=2), ignore_progress, exact_below=50_000)
        assert old.texts == ["black night"]
        assert len(new.texts) == 5
        assert writer.finish_space(spaces[1][0].id)
    assert best_text(library, "black") == "black night"


def test_pruning_gives_back_the_rows_of_captions(library: Path, photos: Path) -> None:
    index(library, photos)
    for number in (1, 2):
        (photos / f"{number:04d}.jpg").unlink()
        (photos / f"{number:04d}.txt").unlink()
    index(library, photos, prune=True)
    with open_reader(library) as reader:
        generation = reader.generation(reader.active_space(), VectorKind.CAPTION)
        assert (generation.number, generation.committed_rows, generation.live_rows) == (2, 2, 2)
    assert check_library(library) == []


def add_texts(library: Path, path: Path, number: int) -> None:
    with open_reader(library) as reader:
        image_id = reader.images_at_paths([absolute(path)])[absolute(path)]
    with open_writer(library, command="captions import") as writer:
        texts = (Caption(f"text {n}", CaptionSource.IMPORTED) for n in range(number))
        assert writer.add_captions({image_id: tuple(texts)}) == number


def test_stopped_between_batches_it_goes_on_where_it_was(library: Path, photos: Path) -> None:
    index(library, photos)
    add_texts(library, photos / "0010.jpg", 50)

    def stop_at_the_third(progress: Progress) -> None:
        if progress.done == 20:
            raise KeyboardInterrupt

    encoder = Towers()
    with open_writer(library, command="index") as writer:
        space = writer.use_space(encoder.info)
        with pytest.raises(KeyboardInterrupt):
            embed_captions(writer, space, encoder, stop_at_the_third, batch=10)
        assert len(encoder.texts) == 20
        assert embed_captions(writer, space, encoder, ignore_progress, batch=10) == 30
    assert len(encoder.texts) == len(set(encoder.texts)) == 50
    assert check_library(library) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_while_captions_are_embedded_loses_a_batch_at_most(
    library: Path, photos: Path, how: signal.Signals
) -> None:
    index(library, photos)
    add_texts(library, photos / "0010.jpg", 1_000)
    run = start(library, slow=0.002)
    assert run.stdout is not None
    for line in run.stdout:
        if (progress := json.loads(line)).get("stage") == "texts" and progress["done"] >= 256:
            break
    os.kill(run.pid, how)
    if how == signal.SIGINT:
        report = finished(run)
        assert (report["code"], report["interrupted"]) == (0, True)
    else:
        assert run.wait(30) == -how
        run.stdout.close()
        assert run.stderr is not None
        run.stderr.close()
    encoder = Towers()
    index(library, encoder=encoder)
    assert 0 < len(encoder.texts) <= 1_000 - 256
    assert check_library(library) == []
    with open_reader(library) as reader:
        assert reader.generation(reader.active_space(), VectorKind.CAPTION).live_rows == 1_004
