"""Cloud placeholders: files that are here in name only, and that opening would fetch from far away.

Recognised from what a listing says; nothing is opened.
"""

import os

# https://learn.microsoft.com/windows/win32/fileio/file-attribute-constants
_WINDOWS_OFFLINE = 0x1000
_WINDOWS_RECALL_ON_OPEN = 0x40000
_WINDOWS_RECALL_ON_DATA_ACCESS = 0x400000
_WINDOWS_FILE = _WINDOWS_OFFLINE | _WINDOWS_RECALL_ON_OPEN | _WINDOWS_RECALL_ON_DATA_ACCESS
_WINDOWS_FOLDER = _WINDOWS_RECALL_ON_OPEN  # folders of OneDrive carry the others while their listing is here
_MACOS_DATALESS = 0x40000000  # SF_DATALESS in sys/stat.h

_STUB_SUFFIX = b".icloud"


def is_online_only(stat: os.stat_result) -> bool:
    """True where a file's content is not on this machine."""
    return bool(
        getattr(stat, "st_file_attributes", 0) & _WINDOWS_FILE or getattr(stat, "st_flags", 0) & _MACOS_DATALESS
    )


def is_unlisted_folder(stat: os.stat_result) -> bool:
    """True where listing a folder would fetch its listing from far away."""
    return bool(
        getattr(stat, "st_file_attributes", 0) & _WINDOWS_FOLDER or getattr(stat, "st_flags", 0) & _MACOS_DATALESS
    )


def stub_stands_for(name: bytes) -> bytes | None:
    """The name of the file an iCloud stub stands for (`.a.jpg.icloud`: `a.jpg`); None for any other name."""
    if name.startswith(b".") and name.endswith(_STUB_SUFFIX) and len(name) > len(_STUB_SUFFIX) + 1:
        return name[1 : -len(_STUB_SUFFIX)]
    return None
