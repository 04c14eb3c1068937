"""The bytes of an upload out of a request: its body, or the field `file` of a form. In memory, never in a file.

Starlette's own forms write what is larger than a megabyte to the disk, where a picture that somebody asks with has no
business.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from web.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

FIELD = b"file"
_FORM = "multipart/form-data"
_MOST_HEADER_BYTES = 4_096  # of one part of a form


class Reading:
    """How many bytes of uploads are being read at this moment, by all clients together.

    Args:
        most_bytes: more are not taken.
        most_each: nor more of one client, so that others get their turn.
    """

    def __init__(self, most_bytes: int, *, most_each: int) -> None:
        self._most_bytes = most_bytes
        self._most_each = most_each
        self._bytes: Counter[str] = Counter()  # by client; none of those who send nothing

    async def picture(self, request: Request, client: str) -> bytes:
        """The picture's bytes. Whoever bounds bodies has bounded this one.

        Raises:
            Problem: another type of content, a form without the field, or too much at once.
        """
        kind, options = parse_options_header(request.headers.get("content-type"))
        named = kind.decode("latin-1").lower()
        if named not in {_FORM, "application/octet-stream"} and not named.startswith("image/"):
            raise Problem(415, "not_a_picture", "send a picture (image/…), or a form with the field `file`")
        data = await self._body(request, client)
        return _field_of(data, options.get(b"boundary", b"")) if named == _FORM else bytes(data)

    async def _body(self, request: Request, client: str) -> bytearray:
        data = bytearray()
        try:
            async for chunk in request.stream():
                if self._is_too_much(client, len(chunk)):
                    raise Problem(503, "busy", "too many pictures are being sent at once: try again")
                self._bytes[client] += len(chunk)
                data += chunk
        finally:
            self._bytes[client] -= len(data)
            if not self._bytes[client]:
                del self._bytes[client]
        return data

    def _is_too_much(self, client: str, more: int) -> bool:
        return self._bytes[client] + more > self._most_each or self._bytes.total() + more > self._most_bytes


def _field_of(data: bytearray, boundary: bytes) -> bytes:
    """The field `file` of a form.

    Raises:
        Problem: it has none, or is none.
    """
    form = _Form()
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(bytes(data))
        parser.finalize()
    except FormParserError as error:
        raise Problem(422, "not_understood", "the form cannot be read") from error
    if form.found is None:
        raise Problem(422, "not_understood", "the form has no field `file`")
    return bytes(form.found)


class _Form:
    """Hears a form, and keeps the first field that is called so."""

    def __init__(self) -> None:
        self.found: bytearray | None = None
        self._name = b""
        self._value = b""
        self._inside = False

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._header,
            "on_header_field": self._field,
            "on_header_value": self._said,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._inside = False

    def _header(self) -> None:
        self._name = self._value = b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name = _longer(self._name, data[start:end])

    def _said(self, data: bytes, start: int, end: int) -> None:
        self._value = _longer(self._value, data[start:end])

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition" and self.found is None:
            _, options = parse_options_header(self._value)
            if options.get(b"name") == FIELD:
                self._inside, self.found = True, bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside and self.found is not None:
            self.found += data[start:end]

    def _end(self) -> None:
        self._inside = False


def _longer(text: bytes, more: bytes) -> bytes:
    if len(text) + len(more) > _MOST_HEADER_BYTES:
        raise Problem(422, "not_understood", "a header of the form is too long")
    return text + more
