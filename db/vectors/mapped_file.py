"""A file that is searched where it lies, as long as nobody cuts it short. Knows nothing of what is in it."""

import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class MappedFile:
    """Which file was mapped, and how long it was: reading behind the end of a mapped file ends the process."""

    path: Path
    identity: tuple[int, int]  # device and inode
    size: int  # bytes

    @classmethod
    def of(cls, file: BufferedReader) -> Self:
        """The one that is open here."""
        now = os.fstat(file.fileno())
        return cls(Path(file.name), (now.st_dev, now.st_ino), now.st_size)

    def holds(self) -> bool:
        """False where it is shorter now. One that was removed or replaced stays whole for those who have it mapped."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_dev, now.st_ino) != self.identity or now.st_size >= self.size
