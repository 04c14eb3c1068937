import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind, UsageError, WrongModel
from core.pictures import Picture
from core.queries import AlikeKind, CopyKind, Filters, Page
from media import DecodeLimits, decode_picture
from searcher.copies import MOST_DECODES, load_small, mark_copies
from searcher.grouping import Found
from searcher.lookup import lookup
from searcher.request import LookupRequest
from tests.fakes import FakeEncoder
from tests.searcher.memory import MemoryReader, make_picture, space_of, unit

ENCODER = FakeEncoder()
PHASH = 0x1234_5678_9ABC_DEF0


def request_for(path: Path, **given: object) -> LookupRequest:
    raw = str(path).encode()
    decoded = decode_picture(raw, targets=(ENCODER.info.preprocess,), limits=DecodeLimits())
    facts = decoded.facts
    own = {
        "pixels": decoded.pixels[0],
        "rgb": load_small(raw),
        "size": (facts.width, facts.height),
        "content_hash": decoded.content_hash,
        "phash": facts.phash,
        "path": raw,
        "name": path.name,
    }
    return LookupRequest(**{**own, **given})


def library_of(paths: list[Path]) -> MemoryReader:
    pictures: list[Picture] = []
    pixels = []
    for path in paths:
        decoded = decode_picture(str(path).encode(), targets=(ENCODER.info.preprocess,), limits=DecodeLimits())
        row = len(pictures)
        pictures.append(Picture(row + 1, row, str(path).encode(), (), False, decoded.facts, decoded.content_hash))
        pixels.append(decoded.pixels[0])
    return MemoryReader(pictures, ENCODER.encode_pixels(np.stack(pixels)).astype(np.float16).astype(np.float32))


@pytest.fixture
def photos(test_data: Path, tmp_path: Path) -> dict[str, Path]:
    """A photo, copies of it, and eight others."""
    originals = sorted((test_data / "photos").glob("*.jpg"))[:9]
    made = {f"other{i}": path for i, path in enumerate(originals[1:])}
    made["original"] = tmp_path / "original.jpg"
    shutil.copyfile(originals[0], made["original"])
    with Image.open(originals[0]) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    copies = {
        "recompressed": image,
        "resized": image.resize((width // 2, height // 2)),
        "cropped": image.crop((width // 12, height // 12, width - width // 12, height - height // 12)),
    }
    for name, copy in copies.items():
        made[name] = tmp_path / f"{name}.jpg"
        copy.save(made[name], quality=60)
    return made


def kinds(result) -> dict[str, str]:
    return {Path(hit.picture.path.decode()).stem: hit.copy.value for hit in result.hits}


def test_identical_then_copies_then_similar_ones_each_by_score(photos):
    reader = library_of(list(photos.values()))
    result = lookup(reader, request_for(photos["original"]), None)
    assert result.hits[0].picture.path == str(photos["original"]).encode()
    assert result.hits[0].score == pytest.approx(1.0, abs=1e-3)
    found = kinds(result)
    assert {name: found[name] for name in ("original", "recompressed", "resized", "cropped")} == {
        "original": "identical",
        "recompressed": "recompressed",
        "resized": "resized",
        "cropped": "cropped",
    }
    assert [hit.copy is CopyKind.SIMILAR for hit in result.hits] == [False] * 4 + [True] * 6
    for tier in (result.hits[1:4], result.hits[4:]):
        assert [hit.score for hit in tier] == sorted((hit.score for hit in tier), reverse=True)
    assert result.query == "original.jpg"
    assert len(lookup(reader, request_for(photos["original"], page=Page(k=20)), None).hits) == len(photos)


def test_a_picture_that_the_library_does_not_hold_is_encoded(photos):
    reader = library_of([path for name, path in photos.items() if name != "original"])
    result = lookup(reader, request_for(photos["original"], page=Page(k=3)), lambda: ENCODER)
    assert sorted(hit.copy.value for hit in result.hits) == ["cropped", "recompressed", "resized"]
    with pytest.raises(WrongModel):
        lookup(reader, request_for(photos["original"]), lambda: FakeEncoder("other"))
    with pytest.raises(UsageError, match="no model"):
        lookup(reader, request_for(photos["original"]), None)
    with pytest.raises(UsageError, match=r"original.jpg is not in the library"):
        lookup(reader, request_for(photos["original"], pixels=None), None)


def test_pages_fit_together(photos):
    reader = library_of(list(photos.values()))
    whole = lookup(reader, request_for(photos["original"], page=Page(k=12)), None).hits
    pages = [lookup(reader, request_for(photos["original"], page=Page(k=5, offset=at)), None).hits for at in (0, 5, 10)]
    assert [hit for page in pages for hit in page] == list(whole)


def test_files_that_are_gone_are_told_by_their_hash(photos):
    reader = library_of(list(photos.values()))

    def gone(path: bytes):
        raise PictureProblem(ProblemKind.VANISHED, "gone")

    found = kinds(lookup(reader, request_for(photos["original"]), None, gone))
    assert (found["original"], found["recompressed"], found["resized"]) == ("identical", "recompressed", "resized")
    assert found["cropped"] == "similar"  # the hash knows no crops


def test_offline_pictures_are_not_opened(photos):
    reader = library_of(list(photos.values()))
    reader.stored = [replace(picture, offline=True) for picture in reader.stored]

    def never(path: bytes):
        raise AssertionError(path)

    assert kinds(lookup(reader, request_for(photos["original"]), None, never))["resized"] == "resized"


def test_the_size_of_a_picture_that_was_never_read_is_looked_up(photos):
    reader = library_of([photos["original"], photos["recompressed"], photos["resized"]])
    reader.stored = [replace(one, facts=replace(one.facts, width=0, height=0)) for one in reader.stored]
    found = kinds(lookup(reader, request_for(photos["original"]), None))
    assert found == {"original": "identical", "recompressed": "recompressed", "resized": "resized"}


def test_imported_pictures_find_themselves_by_path():
    imported = replace(space_of(ENCODER.info), identity="imported:clip", encoder=None)
    stored = [make_picture(row, content_hash=None) for row in range(3)]
    reader = MemoryReader(stored, np.eye(3, ENCODER.info.dim, dtype=np.float32), imported)
    small = np.zeros((4, 4, 3), np.uint8)
    request = LookupRequest(pixels=None, rgb=small, size=(4, 4), content_hash=b"x", path=b"/photos/1.jpg")
    result = lookup(reader, request, None, lambda path: small)
    assert (result.hits[0].picture.row, result.hits[0].copy) == (1, CopyKind.IDENTICAL)


def test_identical_files_are_one_hit_or_each_its_own():
    picture = make_picture(0, content_hash=b"h", other_paths=(b"/z.jpg", b"/in/a.jpg"))
    reader = MemoryReader([picture], np.eye(1, ENCODER.info.dim, dtype=np.float32))
    small = np.zeros((4, 4, 3), np.uint8)
    request = LookupRequest(pixels=None, rgb=small, size=(4, 4), content_hash=b"h")
    hit = lookup(reader, request, None).hits[0]
    assert [(alike.path, alike.kind) for alike in hit.alike] == [
        (b"/in/a.jpg", AlikeKind.IDENTICAL),
        (b"/z.jpg", AlikeKind.IDENTICAL),
    ]
    apart = lookup(reader, replace(request, page=Page(group=False)), None).hits
    assert [hit.picture.path for hit in apart] == [b"/in/a.jpg", b"/photos/0.jpg", b"/z.jpg"]
    assert {hit.copy for hit in apart} == {CopyKind.IDENTICAL}
    inside = lookup(reader, replace(request, page=Page(filters=Filters(folders=(b"/in",)))), None).hits
    assert [hit.picture.path for hit in inside] == [b"/in/a.jpg"]


def test_only_similar_ones_hide_behind_each_other():
    rows = unit(np.eye(1, ENCODER.info.dim).repeat(4, axis=0))
    stored = [
        make_picture(0, phash=PHASH, content_hash=b"h"),
        make_picture(1, phash=PHASH, offline=True),
        make_picture(2, phash=~PHASH & (2**64 - 1), offline=True),
        make_picture(3, phash=~PHASH & (2**64 - 1), offline=True),
    ]
    small = np.zeros((4, 4, 3), np.uint8)
    request = LookupRequest(pixels=None, rgb=small, size=(400, 300), content_hash=b"h", phash=PHASH)
    hits = lookup(MemoryReader(stored, rows), request, None).hits
    assert [(hit.picture.row, hit.copy.value, len(hit.alike)) for hit in hits] == [
        (0, "identical", 0),
        (1, "recompressed", 0),
        (2, "similar", 1),
    ]


def test_few_files_are_opened_and_only_likely_ones():
    opened: list[bytes] = []
    small = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)

    def load(path: bytes):
        opened.append(path)
        return small[::-1]

    request = LookupRequest(pixels=None, rgb=small, size=(400, 300))
    found = [Found(make_picture(row), 0.9 - row / 100) for row in range(60)]
    marked = mark_copies(found, request, load)
    assert opened == [one.picture.path for one in found[:MOST_DECODES]]
    assert {one.copy for one in marked} == {CopyKind.SIMILAR}
    opened.clear()
    mark_copies([Found(make_picture(0), 0.59)], request, load)
    assert opened == []


@pytest.mark.parametrize(
    ("given", "score", "kind"),
    [
        ({"phash": PHASH ^ 0b111111}, 0.99, CopyKind.RECOMPRESSED),
        ({"phash": PHASH, "width": 200, "height": 150}, 0.99, CopyKind.RESIZED),
        ({"phash": PHASH ^ 0b1111111}, 0.99, CopyKind.SIMILAR),
        ({"phash": PHASH}, 0.94, CopyKind.SIMILAR),
        ({"phash": PHASH, "width": 300, "height": 400}, 0.99, CopyKind.SIMILAR),
        ({"phash": None}, 0.99, CopyKind.SIMILAR),
    ],
)
def test_what_the_hash_says_where_a_file_cannot_be_opened(given, score, kind):
    small = np.zeros((3, 4, 3), np.uint8)
    request = LookupRequest(pixels=None, rgb=small, size=(400, 300), phash=PHASH)
    found = [Found(make_picture(0, offline=True, **given), score)]
    assert [one.copy for one in mark_copies(found, request, lambda path: small)] == [kind]
