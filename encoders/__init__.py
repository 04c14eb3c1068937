"""Models: which there are, where their weights are, and the encoders made of them.

Importing this imports neither torch nor open_clip; the first vector does.
"""

from encoders.catalogue import BUILT_IN, CATALOGUE
from encoders.clip import ClipEncoder, load_encoder
from encoders.hub import cache_folder
from encoders.names import canonical_name, find_model, is_built_in
from encoders.weights import CachedModel, cached_models, pull, removable, remove, weights_cached

__all__ = [
    "BUILT_IN",
    "CATALOGUE",
    "CachedModel",
    "ClipEncoder",
    "cache_folder",
    "cached_models",
    "canonical_name",
    "find_model",
    "is_built_in",
    "load_encoder",
    "pull",
    "removable",
    "remove",
    "weights_cached",
]
