"""A TIFF's directories, which EXIF is made of, too, without the place: the GPS directory and what points to it go.

Entries are taken out of their directory and their values overwritten; nothing else moves, so that offsets stay right.
"""

from dataclasses import dataclass

from media.without_location.bytes_of import Span, Unclear
from media.without_location.iptc import clear_iptc, clear_resources
from media.without_location.xmp import clear_xmp

_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # by the type of a value
_MOST_DIRECTORIES = 64
_MOST_ENTRIES = 2_000

_GPS = 0x8825
_DIRECTORIES = frozenset({0x014A, 0x8769, 0xA005})  # further pages, EXIF, interoperability
# A maker's own notes, which only the maker can read; georeferences (GeoTIFF, GDAL); Print Image Matching is none.
_TELLING = frozenset({0x927C, 0x830E, 0x8480, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1, 0xA480, 0xA481})
_CLEARED = {0x02BC: clear_xmp, 0x83BB: clear_iptc, 0x8649: clear_resources}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a directory: its tag, and where its value lies."""

    tag: int
    kind: int
    value: Span
    at: int  # of the entry itself, from the start of the block


class _Block:
    """One TIFF structure, from its byte order on."""

    def __init__(self, span: Span) -> None:
        self.span = span
        mark = span.part(0, 4).copy()
        orders = {b"II*\0": "little", b"MM\0*": "big"}
        if mark not in orders:
            raise Unclear("no TIFF structure of the usual kind")
        self.order = orders[mark]
        self._seen: set[int] = set()

    def clear(self) -> None:
        """All directories, from the first on."""
        self._chain(self._number(4, 4))

    def _chain(self, at: int) -> None:
        while at and at not in self._seen:
            if len(self._seen) >= _MOST_DIRECTORIES:
                raise Unclear("too many directories")
            self._seen.add(at)
            at = self._directory(at)

    def _directory(self, at: int) -> int:
        """Clear one; where the next begins, 0 for none."""
        entries = self._entries(at)
        count = len(entries)
        following = self._next(at + 2 + 12 * count)
        dropped = [entry for entry in entries if self._drops(entry)]
        self._take_out(at, entries, dropped)
        return following

    def _drops(self, entry: _Entry) -> bool:
        """Clear what the entry points to; True where the entry itself has to go."""
        if entry.tag == _GPS:
            for place in self._numbers(entry):
                if place + 2 <= len(self.span):
                    self._wipe_directory(place)
            return True
        if entry.tag in _TELLING:
            entry.value.wipe()
            return True
        if entry.tag in _DIRECTORIES:
            for place in self._numbers(entry):
                self._chain(place)
        elif entry.tag in _CLEARED:
            _CLEARED[entry.tag](entry.value)
        return False

    def _wipe_directory(self, at: int) -> None:
        entries = self._entries(at)
        for entry in entries:
            entry.value.wipe()
        self.span.part(at, 2 + 12 * len(entries)).wipe()

    def _take_out(self, at: int, entries: list[_Entry], dropped: list[_Entry]) -> None:
        """The directory without these entries, in the same place."""
        if not dropped:
            return
        tail_length = min(4, len(self.span) - at - 2 - 12 * len(entries))
        tail = self.span.part(at + 2 + 12 * len(entries), tail_length).copy()
        kept = [self.span.part(entry.at, 12).copy() for entry in entries if entry not in dropped]
        written = self._as_bytes(len(kept), 2) + b"".join(kept) + tail
        whole = self.span.part(at, 2 + 12 * len(entries) + tail_length)
        whole.write(written + bytes(len(whole) - len(written)))

    def _entries(self, at: int) -> list[_Entry]:
        count = self._number(at, 2)
        if count > _MOST_ENTRIES:
            raise Unclear("too many entries")
        return [self._entry(at + 2 + 12 * i) for i in range(count)]

    def _entry(self, at: int) -> _Entry:
        tag, kind, count = self._number(at, 2), self._number(at + 2, 2), self._number(at + 4, 4)
        size = _BYTES.get(kind, 1) * count
        if size <= 4:
            return _Entry(tag, kind, self.span.part(at + 8, size), at)
        place = self._number(at + 8, 4)
        # A value that was cut off tells as much as there is of it.
        left = max(0, min(size, len(self.span) - place))
        return _Entry(tag, kind, self.span.part(place if left else 0, left), at)

    def _numbers(self, entry: _Entry) -> list[int]:
        """The offsets that an entry holds."""
        width = _BYTES.get(entry.kind, 0)
        if width != 4:
            raise Unclear("an offset that is none")
        return [entry.value.number(at, 4, self.order) for at in range(0, len(entry.value) - 3, 4)]

    def _number(self, at: int, count: int) -> int:
        return self.span.number(at, count, self.order)

    def _next(self, at: int) -> int:
        """Where the next directory begins; 0: nowhere that anybody could read it."""
        following = self._number(at, 4) if at + 4 <= len(self.span) else 0
        return following if following + 2 <= len(self.span) else 0

    def _as_bytes(self, number: int, count: int) -> bytes:
        return number.to_bytes(count, "little" if self.order == "little" else "big")


def clear_tiff(block: Span) -> None:
    """Overwrite what tells of the place, from the block's byte order on.

    Raises:
        Unclear: it is no TIFF structure, or a broken one.
    """
    _Block(block).clear()
