"""What a picture says about itself: EXIF, IPTC, XMP and the sidecar files beside it.

Knows nothing of pixels; width, height and hashes are `media`'s. Never raises for bad metadata: a field that makes no
sense is dropped, the others are kept. docs/metadata.md lists the fields, their sources and their order.
"""

from media.metadata.reader import Metadata, read_metadata
from media.metadata.sidecar_names import is_sidecar, sidecar_candidates
from media.metadata.sidecars import sidecars_of

__all__ = ["Metadata", "is_sidecar", "read_metadata", "sidecar_candidates", "sidecars_of"]
