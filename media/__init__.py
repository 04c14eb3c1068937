"""Bytes to pixels and facts: formats, decoding behind one boundary, decode workers, copies, previews.

Everything that knows Pillow lives here. Errors are PictureProblems; models and libraries are unknown here.
"""

from media.decode import decode_picture
from media.fit import fit_array, fit_pixels
from media.formats import FORMATS, PICTURE_EXTENSIONS, PictureFormat, is_candidate, sniff
from media.limits import DecodeLimits
from media.metadata import sidecar_candidates
from media.pool import DecodeJob, DecodeOutcome, DecodePool

__all__ = [
    "FORMATS",
    "PICTURE_EXTENSIONS",
    "DecodeJob",
    "DecodeLimits",
    "DecodeOutcome",
    "DecodePool",
    "PictureFormat",
    "decode_picture",
    "fit_array",
    "fit_pixels",
    "is_candidate",
    "sidecar_candidates",
    "sniff",
]
