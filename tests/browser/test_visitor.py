"""Whoever is let in by a token: the key in the address becomes a cookie, and the page offers what a visitor may do."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.served_page import ServedPage
from tests.browser.album import Album
from tests.browser.conftest import NewPage, Shoot
from tests.browser.viewing import expect_first, ready, tiles

_ELSEWHERE = "127.0.0.2"  # not the owner's address, and there on every machine


@pytest.fixture
def shown_address(library: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """What `search serve --host` shows for others, with the token in it."""
    own = environment | {"XDG_STATE_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    with ServedPage(own, library, ["--host", _ELSEWHERE, "--new-token"]) as site:
        yield site.told(rf"http://{re.escape(_ELSEWHERE)}:\d+/#token=\S+")


def test_a_key_in_the_address_opens_the_page_and_leaves_the_address(
    new_page: NewPage, shown_address: str, album: Album, shoot: Shoot
) -> None:
    page = new_page()
    page.goto(shown_address)
    ready(page)
    assert "token" not in page.url
    assert page.evaluate("document.cookie") == ""  # no script can read it
    page.goto(f"{page.url.partition('#')[0]}#q=a+guitar")
    expect_first(page, album.files["acoustic_guitar"])
    tiles(page).first.click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_text("NIKON D90")).to_be_visible()
    expect(dialog.get_by_text(f"Photos/2021/Kraków/{album.name('acoustic_guitar')}", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name="Show in its folder")).to_be_hidden()
    expect(dialog.get_by_placeholder("Add a tag")).to_have_count(0)
    shoot(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("button", name="Duplicates")).to_be_visible()
    expect(page.get_by_role("button", name="Index pictures")).to_have_count(0)


def test_without_a_key_it_is_asked_for(new_page: NewPage, shown_address: str, shoot: Shoot) -> None:
    page = new_page(quiet=True)
    address, _, token = shown_address.partition("#token=")
    page.goto(address)
    expect(page.get_by_text("This page needs its key")).to_be_visible()
    shoot(page)
    field = page.get_by_label("Key")
    field.fill("wrong" * 5)
    field.press("Enter")
    expect(page.get_by_text("This key does not fit")).to_be_visible()
    field.fill(token)
    field.press("Enter")
    ready(page)
