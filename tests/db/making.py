"""Small libraries for tests: files that exist only as scan entries, vectors that are random unit rows."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Vectors
from core.models import EncoderInfo, Preprocess
from core.pictures import PictureFacts, TakenAt, TakenSource
from db.records import (
    CommitCounts,
    FailedFile,
    IndexedFile,
    RootScan,
    ScanEntry,
    SettleCounts,
    SpaceInfo,
    UnchangedFile,
    WorkItem,
)
from db.writer import LibraryWriter

if TYPE_CHECKING:
    from core.errors import ProblemKind

DIM = 16
FACTS = PictureFacts(
    format="jpeg",
    width=400,
    height=300,
    exif_orientation=1,
    taken=TakenAt(datetime.fromisoformat("2020-05-04T03:02:01"), 120, TakenSource.EXIF),
)


def model(name: str = "fake", dim: int = DIM) -> EncoderInfo:
    return EncoderInfo(
        name=name,
        dim=dim,
        preprocess=Preprocess(height=32, width=32),
        weights_hash=hashlib.sha256(name.encode()).hexdigest(),
        logit_scale=100.0,
        context_length=8,
        languages=("en",),
    )


def content(text: str) -> bytes:
    """The hash of a file that holds this text."""
    return hashlib.blake2b(text.encode(), digest_size=32).digest()


def unit(seed: bytes | str, dim: int = DIM) -> Vectors:
    """A unit vector that the seed decides."""
    digest = hashlib.sha256(seed if isinstance(seed, bytes) else seed.encode()).digest()
    row = np.random.default_rng(int.from_bytes(digest[:8], "big")).standard_normal(dim)
    return (row / np.linalg.norm(row)).astype(np.float32)


class Disk:
    """What a scan would find: path -> (content, mtime_ns)."""

    def __init__(self) -> None:
        self.files: dict[bytes, tuple[str, int]] = {}
        self.sidecars: dict[bytes, bytes] = {}
        self.facts: dict[str, PictureFacts] = {}
        self.broken: dict[bytes, ProblemKind] = {}  # read as this problem
        self.clock = 1_600_000_000_000_000_000

    def put(self, path: bytes, text: str | None = None) -> None:
        self.clock += 1_000_000_000
        self.files[path] = (text or path.decode("latin1"), self.clock)

    def move(self, old: bytes, new: bytes) -> None:
        self.files[new] = self.files.pop(old)

    def below(self, folder: bytes) -> list[ScanEntry]:
        return [
            ScanEntry(path, len(text), mtime_ns, self.sidecars.get(path, b""))
            for path, (text, mtime_ns) in sorted(self.files.items())
            if path == folder or path.startswith(folder.rstrip(b"/") + b"/")
        ]

    def read(self, item: WorkItem, spaces: Iterable[SpaceInfo]) -> IndexedFile | UnchangedFile | FailedFile:
        if item.path in self.broken:
            return FailedFile(item, self.broken[item.path], "as the test wants it")
        text = self.files[item.path][0]
        if item.known_hash == content(text):
            return UnchangedFile(item)
        vectors = {s.id: unit(f"{s.name}:{text}", s.dim) for s in spaces if s.id in item.spaces}
        return IndexedFile(item, content(text), self.facts.get(text, FACTS), vectors)


def stage_all(writer: LibraryWriter, disk: Disk, roots: Sequence[bytes]) -> list[RootScan]:
    scans = []
    for path in roots:
        root = writer.remember_root(path)
        writer.stage(root, disk.below(path), subtree=None if root.path == path else path)
        scans.append(RootScan(root.id, reachable=True, device=1, subtree=None if root.path == path else path))
    return scans


def index(
    writer: LibraryWriter,
    disk: Disk,
    *roots: bytes,
    spaces: Sequence[SpaceInfo] = (),
    prune: bool = False,
    reachable: bool = True,
    device: int | None = 1,
    batch: int = 4,
) -> tuple[CommitCounts, SettleCounts]:
    """One whole run, as the indexer does it."""
    spaces = spaces or [writer.use_space(model())]
    scans = [replace(scan, reachable=reachable, device=device) for scan in stage_all(writer, disk, roots)]
    writer.plan([space.id for space in spaces])
    total, pending = CommitCounts(), []
    for item in writer.work():
        pending.append(disk.read(item, spaces))
        if len(pending) == batch:
            total += writer.commit(pending)
            pending = []
    total += writer.commit(pending)
    return total, writer.settle(scans, prune=prune)
