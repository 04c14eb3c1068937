"""Exported graphs: both towers of a CLIP model for a CPU, without torch. Importing this imports neither runtime.

`GraphTowers` finds and makes them; `docs/graphs.md` says when, and decision 0015 why.
"""

from encoders.graphs.store import Tower
from encoders.graphs.towers import GraphTowers

__all__ = ["GraphTowers", "Tower"]
