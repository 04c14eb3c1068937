"""A picture's file without the place where it was taken: no pixel is decoded for it, where the format allows that.

What tells of the place is overwritten where it stands, so that nothing else in the file moves. What cannot be looked
into (notes in a maker's own format, data behind the picture, segments nobody knows) goes as a whole: it may tell, too.
"""

from media.without_location.rewriting import rewrite

__all__ = ["rewrite"]
