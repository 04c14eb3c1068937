"""Bytes to pixels and facts: formats, decoding behind one boundary, decode workers, copies, previews.

Everything that knows Pillow lives here. Errors are PictureProblems; models and libraries are unknown here.
"""

from media.asked import AskedPicture, Drawing, Drawn, Fitting, Rewritten
from media.copies import COMPARE_SIDE, compare_copies
from media.decode import decode_picture
from media.elapsed import Elapsed, Lap, Spent
from media.fit import fit_array, fit_pixels, orientation_of, shown_size
from media.formats import FORMATS, PICTURE_EXTENSIONS, PictureFormat, is_candidate, sniff
from media.limits import DecodeLimits
from media.metadata import is_sidecar, sidecar_candidates
from media.picture_workers import PictureWorkers
from media.pool import DecodeJob, DecodeOutcome, DecodePool
from media.previews import contact_sheet, jpeg_of, load_rgb, picture_size, preview_png
from media.source import hash_of, open_regular

__all__ = [
    "COMPARE_SIDE",
    "FORMATS",
    "PICTURE_EXTENSIONS",
    "AskedPicture",
    "DecodeJob",
    "DecodeLimits",
    "DecodeOutcome",
    "DecodePool",
    "Drawing",
    "Drawn",
    "Elapsed",
    "Fitting",
    "Lap",
    "PictureFormat",
    "PictureWorkers",
    "Rewritten",
    "Spent",
    "compare_copies",
    "contact_sheet",
    "decode_picture",
    "fit_array",
    "fit_pixels",
    "hash_of",
    "is_candidate",
    "is_sidecar",
    "jpeg_of",
    "load_rgb",
    "open_regular",
    "orientation_of",
    "picture_size",
    "preview_png",
    "shown_size",
    "sidecar_candidates",
    "sniff",
]
