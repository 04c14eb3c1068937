"""Models: which there are, where their weights are, and the encoders made of them.

Importing this imports neither torch nor open_clip; the first vector does.
"""

from encoders.catalogue import CATALOGUE
from encoders.clip import ClipEncoder, load_encoder
from encoders.hub import cache_folder
from encoders.names import find_model
from encoders.weights import CachedModel, cached_models, pull, remove, weights_cached

__all__ = [
    "CATALOGUE",
    "CachedModel",
    "ClipEncoder",
    "cache_folder",
    "cached_models",
    "find_model",
    "load_encoder",
    "pull",
    "remove",
    "weights_cached",
]
