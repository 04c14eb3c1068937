"""Batches: what is encoded, in which space, and in which order it comes back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from core.arrays import Pixels, Vectors
from core.pictures import DecodedPicture, PictureFacts, TakenAt, TakenSource
from db.records import IndexedFile, SpaceInfo, SpaceState, WorkItem, WorkKind
from indexer.embedding import BatchEncoder, Embedder
from indexer.stopwatch import Stopwatch
from tests.fakes import FakeEncoder

FACTS = PictureFacts(
    format="png",
    width=8,
    height=8,
    exif_orientation=1,
    taken=TakenAt(datetime.fromtimestamp(0, UTC).replace(tzinfo=None), None, TakenSource.FILE),
)


def item(name: str, *spaces: int) -> WorkItem:
    return WorkItem(
        file_id=None,
        root_id=1,
        path=name.encode(),
        kind=WorkKind.NEW,
        size=1,
        mtime_ns=1,
        sidecars=b"",
        known_hash=None,
        spaces=spaces,
    )


def decoded(content: int, *sizes: int) -> DecodedPicture:
    """A picture whose pixels, at every size, are those of its content."""
    colour = np.random.default_rng(content).integers(0, 256, (1, 1, 3), np.uint8)
    pixels = tuple(np.broadcast_to(colour, (size, size, 3)) for size in sizes)
    return DecodedPicture(bytes([content]) * 32, FACTS, pixels)


def space(number: int) -> SpaceInfo:
    return SpaceInfo(
        id=number, slug=f"s{number}", name="fake", identity=str(number), dim=48, encoder=None, state=SpaceState.ACTIVE
    )


def nothing_known(hashes: Sequence[bytes], space_ids: Sequence[int]) -> Mapping[bytes, frozenset[int]]:
    return {}


def through(encoder: BatchEncoder, work: Sequence[tuple[WorkItem, DecodedPicture]]) -> list[IndexedFile]:
    with encoder:
        out = [file for one in work for file in encoder.add(*one)]
        return out + encoder.finish()


@pytest.mark.parametrize("batch_size", [1, 2, 3, 10, 100])
def test_everything_comes_back_in_order_with_its_own_vector(batch_size: int) -> None:
    fake = FakeEncoder(size=8)
    work = [(item(f"{i}", 1), decoded(i, 8)) for i in range(10)]
    files = through(
        BatchEncoder(Embedder.of([(space(1), fake)]), nothing_known, batch_size=batch_size, stopwatch=Stopwatch()), work
    )
    assert [file.item.path for file in files] == [f"{i}".encode() for i in range(10)]
    for i, file in enumerate(files):
        expected = FakeEncoder(size=8).encode_pixels(decoded(i, 8).pixels[0][None])[0]
        assert np.allclose(file.vectors[1], expected)
    assert fake.pictures_seen == 10


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_content_is_encoded_once(batch_size: int) -> None:
    fake = FakeEncoder(size=8)
    work = [(item(f"{i}", 1), decoded(i % 2, 8)) for i in range(7)]
    files = through(
        BatchEncoder(Embedder.of([(space(1), fake)]), nothing_known, batch_size=batch_size, stopwatch=Stopwatch()), work
    )
    assert fake.pictures_seen == 2
    assert [sorted(file.vectors) for file in files] == [[1], [1], [], [], [], [], []]


def test_content_is_encoded_in_the_spaces_that_lack_it_only() -> None:
    first, second = FakeEncoder("a", size=8), FakeEncoder("b", size=16)
    third = FakeEncoder("c", size=8)
    embedder = Embedder.of([(space(1), first), (space(2), second), (space(3), third)])
    assert [target.height for target in embedder.targets] == [8, 16]  # the same pixels serve two of them
    known = {bytes([0]) * 32: frozenset({1, 3})}
    work = [
        (item("known in two", 1, 2, 3), decoded(0, 8, 16)),
        (item("known in none", 1, 2, 3), decoded(1, 8, 16)),
        (item("needs one", 2), decoded(2, 8, 16)),
        (item("needs none"), decoded(3, 8, 16)),
    ]
    files = through(BatchEncoder(embedder, lambda hashes, space_ids: known, batch_size=4, stopwatch=Stopwatch()), work)
    assert [sorted(file.vectors) for file in files] == [[2], [1, 2, 3], [2], []]
    assert (first.pictures_seen, second.pictures_seen, third.pictures_seen) == (1, 3, 1)


def test_the_next_batch_is_gathered_while_one_is_encoded() -> None:
    encoder = BatchEncoder(
        Embedder.of([(space(1), FakeEncoder(size=8))]), nothing_known, batch_size=2, stopwatch=Stopwatch()
    )
    with encoder:
        given = [len(encoder.add(item(f"{i}", 1), decoded(i, 8))) for i in range(6)]
        assert given == [0, 0, 0, 2, 0, 2]
        assert len(encoder.drain()) == 2  # what is being encoded


def test_drained_early_it_encodes_what_was_gathered() -> None:
    encoder = BatchEncoder(
        Embedder.of([(space(1), FakeEncoder(size=8))]), nothing_known, batch_size=4, stopwatch=Stopwatch()
    )
    with encoder:
        assert encoder.add(item("a", 1), decoded(1, 8)) == []
        assert [file.item.path for file in encoder.drain()] == [b"a"]
        assert encoder.finish() == []


def test_committed_content_is_left_to_the_library_to_remember() -> None:
    asked: list[bytes] = []

    def known(hashes: Sequence[bytes], space_ids: Sequence[int]) -> Mapping[bytes, frozenset[int]]:
        asked.extend(hashes)
        return {content: frozenset({1}) for content in hashes} if len(asked) > 1 else {}

    fake = FakeEncoder(size=8)
    encoder = BatchEncoder(Embedder.of([(space(1), fake)]), known, batch_size=1, stopwatch=Stopwatch())
    with encoder:
        encoder.add(item("a", 1), decoded(1, 8))
        encoder.committed(encoder.drain())
        encoder.add(item("copy", 1), decoded(1, 8))
        assert [dict(file.vectors) for file in encoder.drain()] == [{}]
    assert fake.pictures_seen == 1


def test_an_encoders_error_is_the_runs_error() -> None:
    class Failing(FakeEncoder):
        def encode_pixels(self, pixels: Pixels) -> Vectors:
            raise MemoryError("no room on the device")

    encoder = BatchEncoder(
        Embedder.of([(space(1), Failing(size=8))]), nothing_known, batch_size=1, stopwatch=Stopwatch()
    )
    with pytest.raises(MemoryError, match="no room"):
        through(encoder, [(item("a", 1), decoded(1, 8))])
