"""What a job is to do, as it is handed to its process."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """One index run."""

    library: bytes  # its folder, absolute, os.fsencode
    device: str  # `core.models.Device`
    paths: tuple[bytes, ...] = ()  # absolute; none: every root again
    prune: bool = False

    def to_json(self) -> bytes:
        """One line."""
        told = {
            "library": _text(self.library),
            "device": self.device,
            "paths": [_text(path) for path in self.paths],
            "prune": self.prune,
        }
        return json.dumps(told).encode() + b"\n"

    @classmethod
    def from_json(cls, line: bytes) -> Wanted:
        """What `to_json` made."""
        told = json.loads(line)
        paths = tuple(base64.b64decode(path) for path in told["paths"])
        return cls(base64.b64decode(told["library"]), told["device"], paths, told["prune"])


def _text(path: bytes) -> str:
    """Exact whatever its bytes are."""
    return base64.b64encode(path).decode()
