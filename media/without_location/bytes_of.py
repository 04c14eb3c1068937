"""Places in a file that are overwritten; and what is said when a file is not as its format has it."""

from dataclasses import dataclass


class Unclear(Exception):
    """The file is not put together as it should be: nobody can say what else it tells."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to before `end` of a file."""

    data: bytearray
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def starts_with(self, what: bytes) -> bool:
        """Whether these bytes begin so."""
        return self.data.startswith(what, self.start, self.end)

    def copy(self) -> bytes:
        """A copy of them."""
        return bytes(self.data[self.start : self.end])

    def after(self, count: int) -> "Span":
        """Without the first so many."""
        return Span(self.data, min(self.start + count, self.end), self.end)

    def part(self, at: int, length: int) -> "Span":
        """Bytes of it, counted from its start.

        Raises:
            Unclear: it ends before.
        """
        if at < 0 or length < 0 or at + length > len(self):
            raise Unclear("a length leads past the end")
        return Span(self.data, self.start + at, self.start + at + length)

    def number(self, at: int, count: int, order: "str") -> int:
        """An unsigned number of `count` bytes; `order` is "big" or "little"."""
        return int.from_bytes(self.part(at, count).copy(), "little" if order == "little" else "big")

    def write(self, content: bytes) -> None:
        """Overwrite them with as many others."""
        if len(content) != len(self):
            raise Unclear("other bytes must be as many")
        self.data[self.start : self.end] = content

    def wipe(self, fill: bytes = b"\0") -> None:
        """Overwrite them."""
        self.write(fill * len(self))
