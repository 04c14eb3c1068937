"""What the system says when a disk is full, in one place: the library and the cache of weights both fill one."""

import errno

# EFBIG: the limit on the size of a file (ulimit -f, FAT32), which to the user is a full disk of another kind.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


def is_full(error: OSError) -> bool:
    """True where the disk, the quota or the largest allowed file is full."""
    return error.errno in _FULL
