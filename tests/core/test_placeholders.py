"""Cloud placeholders are told from what a listing says, on every platform's own terms."""

from types import SimpleNamespace

import pytest

from core.placeholders import is_online_only, is_unlisted_folder, stub_stands_for


@pytest.mark.parametrize(
    ("attributes", "file", "folder"),
    [
        ({}, False, False),
        ({"st_file_attributes": 0x20}, False, False),  # archive
        ({"st_file_attributes": 0x1000}, True, False),  # offline
        ({"st_file_attributes": 0x400000 | 0x20}, True, False),  # recall on data access: OneDrive
        ({"st_file_attributes": 0x40000}, True, True),  # recall on open
        ({"st_flags": 0x40000000}, True, True),  # dataless: iCloud, File Provider
        ({"st_flags": 0x20}, False, False),
    ],
)
def test_attributes(attributes: dict[str, int], file: bool, folder: bool) -> None:
    stat = SimpleNamespace(**attributes)
    assert is_online_only(stat) is file
    assert is_unlisted_folder(stat) is folder


def test_stubs() -> None:
    assert stub_stands_for(b".IMG_1.HEIC.icloud") == b"IMG_1.HEIC"
    assert stub_stands_for(b"IMG_1.HEIC.icloud") is None
    assert stub_stands_for(b".icloud") is None
    assert stub_stands_for(b"a.jpg") is None
