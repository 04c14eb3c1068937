"""Labels and tags: which words fit a picture, and which the library files it under."""

from semantic_image_search.labels.labelling import Labeller, Tagging, labels_of, tag_library
from semantic_image_search.labels.selection import Selection, TagChange, add_tags, remove_tags

__all__ = ["Labeller", "Selection", "TagChange", "Tagging", "add_tags", "labels_of", "remove_tags", "tag_library"]
