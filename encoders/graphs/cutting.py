"""Token ids without what comes after the end of the texts, for towers that need not see it."""

import numpy as np

from encoders.tokens import Tokens

_STEP = 8  # lengths are rounded up to this: each length that comes up is prepared once, which takes ten texts' time


def cut(tokens: Tokens, rule: str) -> Tokens:
    """(n, length) token ids to (n, less): up to the last token that counts in any row, by `Graph.cut`."""
    if not rule or not len(tokens):
        return tokens
    if rule == "end":
        last = int(tokens.argmax(axis=1).max())
    else:
        padding = int(rule.partition(":")[2])
        last = int(np.max(np.nonzero((tokens != padding).any(axis=0))[0], initial=0))
    length = -(-(last + 1) // _STEP) * _STEP
    return np.ascontiguousarray(tokens[:, :length])
