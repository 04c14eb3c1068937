"""Real CLIP vectors, recorded by others, over the real store: is what comes out what a plain exact search gives?"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.queries import CopyKind, Filters, Page
from db import open_reader, open_writer
from db.records import ImportedRow
from media import DecodeLimits, decode_picture
from searcher.lookup import lookup
from searcher.request import LookupRequest, SearchRequest
from searcher.search import search
from tests.searcher.memory import unit

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORDED_AS = {"automobile": "car_(automobile)", "ship": "boat"}


class Recorded:
    def __init__(self, folder: Path, library: Path) -> None:
        data = np.load(folder / "vectors.npz")
        self.images = unit(data["image_vectors"])
        self.paths = [str(folder / "images" / str(name)).encode() for name in data["image_names"]]
        self.texts = dict(zip(map(str, data["text"]), unit(data["text_vectors"]), strict=True))
        with open_writer(library, command="test") as writer:
            space = writer.use_imported_space("ViT-B-32", self.images.shape[1])
            writer.import_rows(space, [self.row(i) for i in range(len(self.paths))])
        self.reader = open_reader(library)

    def row(self, i: int) -> ImportedRow:
        decoded = decode_picture(self.paths[i], targets=(), limits=DecodeLimits())
        return ImportedRow(self.paths[i], self.images[i], content_hash=decoded.content_hash, facts=decoded.facts)

    def noun(self, name: str) -> np.ndarray:
        return self.texts["a " + RECORDED_AS.get(name, name)]


@pytest.fixture(scope="module")
def recorded(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    made = Recorded(test_data / "clip-vectors", tmp_path_factory.mktemp("recorded") / "library")
    with made.reader:
        yield made


def test_ten_nouns_find_their_pictures(recorded: Recorded):
    right = [
        b"cifar10" in hit.picture.path and hit.picture.path.endswith(b"_%s.png" % name.encode())
        for name in CLASSES
        for hit in search(recorded.reader, SearchRequest(vector=recorded.noun(name)), None).hits
    ]
    assert len(right) == 100
    assert np.mean(right) >= 0.90


def test_hits_and_scores_are_those_of_an_exact_search(recorded: Recorded):
    for name in CLASSES:
        cosines = recorded.images.astype(np.float64) @ recorded.noun(name).astype(np.float64)
        by_path = dict(zip(recorded.paths, cosines, strict=True))
        hits = search(recorded.reader, SearchRequest(vector=recorded.noun(name), page=Page(k=20)), None).hits
        for hit in hits:
            assert hit.score == pytest.approx(by_path[hit.picture.path], abs=2e-3)
        shown = {path for hit in hits for path in (hit.picture.path, *(alike.path for alike in hit.alike))}
        missed = max(cosine for path, cosine in by_path.items() if path not in shown)
        assert missed <= hits[-1].score + 2e-3


def test_filters_reach_the_store(recorded: Recorded):
    pngs = [path for path in recorded.paths if path.endswith(b".png")]
    only_pngs = Page(k=600, filters=Filters(formats=("png",)))
    result = search(recorded.reader, SearchRequest(vector=recorded.noun("dog"), page=only_pngs), None)
    assert sorted(hit.picture.path for hit in result.hits) == sorted(pngs)
    assert (result.searched, result.indexed) == (len(pngs), len(recorded.paths))
    nowhere = SearchRequest(vector=recorded.noun("dog"), page=Page(filters=Filters(folders=(b"/nowhere",))))
    assert search(recorded.reader, nowhere, None).notices == ("no indexed picture passes the filters",)


def test_every_picture_finds_itself(recorded: Recorded):
    """Without a model: the library's own vector is the query."""
    for path in recorded.paths[::60]:
        facts = decode_picture(path, targets=(), limits=DecodeLimits())
        small = np.zeros((2, 2, 3), np.uint8)
        request = LookupRequest(
            pixels=None, rgb=small, size=(2, 2), content_hash=facts.content_hash, path=path, name="it", page=Page(k=3)
        )
        first, *others = lookup(recorded.reader, request, None).hits
        assert (first.picture.path, first.copy) == (path, CopyKind.IDENTICAL)
        assert first.score == pytest.approx(1.0, abs=1e-3)
        assert {hit.copy for hit in others} == {CopyKind.SIMILAR}
