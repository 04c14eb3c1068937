"""Models: which there are, where their weights are, and the encoders made of them.

Importing this imports neither torch nor open_clip; the first vector does.
"""

from encoders.blip.loading import load_answerer, load_captioner, load_reranker
from encoders.blip.rows import DEFAULT_ANSWERER, DEFAULT_CAPTIONER, DEFAULT_RERANKER
from encoders.catalogue import BUILT_IN, CATALOGUE
from encoders.clip import ClipEncoder, load_encoder
from encoders.hub import cache_folder
from encoders.names import canonical_name, find_model, is_built_in
from encoders.weights import CachedModel, cached_models, pull, removable, remove, weights_cached

__all__ = [
    "BUILT_IN",
    "CATALOGUE",
    "DEFAULT_ANSWERER",
    "DEFAULT_CAPTIONER",
    "DEFAULT_RERANKER",
    "CachedModel",
    "ClipEncoder",
    "cache_folder",
    "cached_models",
    "canonical_name",
    "find_model",
    "is_built_in",
    "load_answerer",
    "load_captioner",
    "load_encoder",
    "load_reranker",
    "pull",
    "removable",
    "remove",
    "weights_cached",
]
