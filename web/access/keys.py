"""The token that lets others in, and the cookie it becomes. Neither is kept: a hash of the one, a key of the other.

A token has 144 random bits, so a plain hash of it tells nobody anything. A cookie says until when it is good, signed;
what it was made with is replaced together with the token, which ends all sessions at once.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import TYPE_CHECKING

from core.errors import SearchError
from core.program import NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SESSION_S = 30 * 86_400
_ENDED = 4096  # sessions that were ended by hand and are remembered
_LONGEST = 200  # characters of a token or cookie that are looked at


@dataclass(frozen=True, slots=True)
class Key:
    """What a token is recognised by, and what cookies are signed with."""

    token_sha256: bytes
    signing: bytes


def new_token() -> tuple[str, Key]:
    """A token, to be shown once, and its key, to be kept."""
    token = secrets.token_urlsafe(18)
    return token, Key(_hash(token), secrets.token_bytes(32))


class Keys:
    """Recognises tokens and cookies.

    Args:
        key: what it recognises them by, asked for each time: it may be replaced while the server runs.
        clock: seconds since 1970.
    """

    def __init__(self, key: Callable[[], Key], *, clock: Callable[[], float] = time) -> None:
        self._key = key
        self._clock = clock
        self._ended: dict[str, None] = {}

    def fits(self, token: str) -> bool:
        """Whether this is the token; takes as long for every wrong one."""
        return hmac.compare_digest(_hash(token[:_LONGEST]), self._key().token_sha256)

    def cookie(self) -> str:
        """A new session's, good for SESSION_S."""
        said = f"{int(self._clock()) + SESSION_S}.{secrets.token_urlsafe(12)}"
        return f"{said}.{self._sign(said)}"

    def is_session(self, cookie: str) -> bool:
        """Whether we made this cookie, and its time is not over."""
        said, _, signature = cookie[:_LONGEST].rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()) or cookie in self._ended:
            return False
        return self._clock() < int(said.partition(".")[0])

    def end(self, cookie: str) -> None:
        """This session is over, whoever kept the cookie."""
        if self.is_session(cookie):
            self._ended[cookie] = None
            while len(self._ended) > _ENDED:
                self._ended.pop(next(iter(self._ended)))

    def _sign(self, said: str) -> str:
        return hmac.new(self._key().signing, said.encode(), sha256).hexdigest()


class KeyFile:
    """A key on disk, for this user's eyes only; one that is replaced there counts from the next request on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._key: Key | None = None

    @property
    def exists(self) -> bool:
        """Whether a token was ever made."""
        return self._path.exists()

    def replace(self) -> str:
        """Make a new token and keep its key; the token itself is nowhere but in the answer.

        Raises:
            SearchError: the file cannot be written.
        """
        token, key = new_token()
        said = json.dumps({"token_sha256": key.token_sha256.hex(), "signing": key.signing.hex()})
        fresh = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                fresh.unlink()
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123
                file.write(said)
            fresh.replace(self._path)
        except OSError as error:
            raise SearchError(f"the token's hash cannot be kept in {self._path}: {error.strerror}") from error
        return token

    def key(self) -> Key:
        """The key as it is now.

        Raises:
            SearchError: there is none, or it is damaged.
        """
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_ino)
            if self._key is None or seen != self._seen:
                said = json.loads(self._path.read_text(encoding="ascii"))
                self._key = Key(bytes.fromhex(said["token_sha256"]), bytes.fromhex(said["signing"]))
                self._seen = seen
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SearchError(f"{self._path} holds no token's hash: search serve --new-token makes one") from error
        return self._key


def kept_key(library: Path) -> KeyFile:
    """Where the key of a library's token is kept, in the platform's folder for a program's state."""
    from platformdirs import user_state_path

    name = sha256(os.fsencode(library)).hexdigest()[:16]
    return KeyFile(user_state_path(NAME, appauthor=False) / "serve" / f"{name}.json")


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
