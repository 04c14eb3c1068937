"""Texts for pictures: those of a library, where they come from, and which of them fit a picture."""

from semantic_image_search.captions.collection import Captions

__all__ = ["Captions"]
