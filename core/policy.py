"""Constants that are part of what a vector means: change one and the space is another.

DECODE_POLICY names how bytes become pixels before a model's own preprocessing: EXIF orientation applied, alpha
composed on white, reduced-scale JPEG decoding at the factor of `media`. It is a part of a space's identity, so that
vectors made under two policies are never compared as if they were one.
"""

DECODE_POLICY = "1"
