"""The token, the cookie that it becomes, and the file that keeps neither."""

from pathlib import Path

import pytest

from core.errors import SearchError
from tests.passing_time import Clock
from web.access.keys import SESSION_S, Key, KeyFile, Keys, kept_key, new_token


def test_only_the_token_fits() -> None:
    token, key = new_token()
    keys = Keys(lambda: key)
    assert keys.fits(token)
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "\ud800", "é" * 1000):
        assert not keys.fits(wrong)


def test_a_session_ends_by_time_by_hand_and_with_the_token() -> None:
    clock, keyring = Clock(1_000_000.0), [new_token()[1]]
    keys = Keys(lambda: keyring[-1], clock=clock)
    first, second = keys.cookie(), keys.cookie()
    assert first != second
    assert keys.is_session(first)
    keys.end(first)
    assert not keys.is_session(first)
    assert keys.is_session(second)
    clock.now += SESSION_S - 1
    assert keys.is_session(second)
    clock.now += 2
    assert not keys.is_session(second)
    third = keys.cookie()
    keyring.append(new_token()[1])
    assert not keys.is_session(third)


@pytest.mark.parametrize("forged", ["", ".", "..", "1.2.3", "é.é.é", "99999999999.x." + "f" * 64])
def test_a_forged_cookie_is_none(forged: str) -> None:
    keys = Keys(lambda: Key(b"x" * 32, b"y" * 32))
    assert not keys.is_session(forged)
    keys.end(forged)
    said, _, signature = keys.cookie().rpartition(".")
    assert not keys.is_session(f"9{said}.{signature}")  # valid for longer


def test_the_file_is_the_users_alone_and_holds_no_token(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "state" / "key.json")
    assert not file.exists
    token = file.replace()
    (path,) = (tmp_path / "state").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert token not in path.read_text()
    assert Keys(file.key).fits(token)


def test_a_token_that_was_replaced_counts_at_once(tmp_path: Path) -> None:
    """The server runs; the new token is made by another process."""
    serving = KeyFile(tmp_path / "key.json")
    keys = Keys(serving.key)
    old = serving.replace()
    cookie = keys.cookie()
    new = KeyFile(tmp_path / "key.json").replace()
    assert (keys.fits(old), keys.fits(new), keys.is_session(cookie)) == (False, True, False)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b'{"token_sha256": "x", "signing": ""}', b"\xff"])
def test_a_damaged_file_is_one_line(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "key.json").write_bytes(damage)
    with pytest.raises(SearchError, match="--new-token"):
        KeyFile(tmp_path / "key.json").key()


def test_every_library_has_a_token_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    mine, ours = kept_key(Path("/a/mine")), kept_key(Path("/a/ours"))
    token = mine.replace()
    assert not ours.exists
    ours.replace()
    assert not Keys(ours.key).fits(token)
