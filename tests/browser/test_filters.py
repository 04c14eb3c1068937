"""Filters: what they let through, their words in the bar, and that the address, Back and the keyboard know them."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.album import TRIPS, Album
from tests.browser.conftest import NewPage, Shoot
from tests.browser.viewing import ask, expect_first, ready, shown, tile, tiles


def expect_only(page: Page, album: Album, folder: str) -> None:
    """That what is shown lies in this folder, and that it is more than one; a picture may bear the name of its copy."""
    names = {file.name for file in album.files.values() if folder in str(file)} | {album.name("identical")}
    page.wait_for_function(
        """names => {
            const all = [...document.querySelectorAll("#grid .tile-link")].map(one => one.ariaLabel);
            return all.length > 1 && all.every(one => names.includes(one));
        }""",
        arg=sorted(names),
    )


def open_filter(page: Page, name: str) -> None:
    page.locator("#filters").get_by_role("button", name=name).first.click()


def test_a_folder(page: Page, album: Album, shoot: Shoot) -> None:
    ready(page)
    open_filter(page, "Folder")
    page.get_by_text("2019").first.click()
    expect_only(page, album, "2019/Ard")
    shoot(page)
    assert "folder=" in page.url
    page.go_back()
    page.wait_for_url(lambda url: "folder=" not in url)


def test_a_camera_and_words_together(page: Page, album: Album) -> None:
    ask(page, "an animal")
    ready(page)
    open_filter(page, "Camera")
    page.get_by_text("SONY ILCE-7M3").first.click()
    page.keyboard.press("Escape")
    expect_only(page, album, "東京")
    expect(page.locator("#filters").get_by_role("button", name="Camera: SONY ILCE-7M3", exact=True)).to_be_visible()
    page.get_by_role("button", name="Remove filter Camera").click()
    page.wait_for_url(lambda url: "camera=" not in url)


def test_days_are_chosen_on_the_bars_by_keyboard(page: Page, album: Album, shoot: Shoot) -> None:
    ready(page)
    open_filter(page, "Date")
    until = page.get_by_role("slider", name="Until")
    expect(until).to_be_visible()
    until.focus()
    shoot(page)
    page.keyboard.press("Home")
    page.wait_for_url("**/*before=*")
    expect_only(page, album, "2019/Ard")


@pytest.mark.parametrize(
    ("folder", "inside", "outside"),
    [("2019/Ardèche", "Rottweiler", "identical"), ("Backup", "identical", "Rottweiler")],
)
def test_a_picture_is_named_by_its_file_in_the_folder(
    page: Page, album: Album, folder: str, inside: str, outside: str
) -> None:
    ready(page)
    chosen = quote(str(album.folder / folder), safe="")
    page.evaluate(f"location.hash = 'folder={chosen}'")
    expect(tile(page, album.files[inside])).to_be_visible()
    expect(tile(page, album.files[outside])).to_have_count(0)
    tile(page, album.files[inside]).get_by_role("link").click()
    details = page.locator(".lb-info")
    expect(details.get_by_text(str(album.files[outside]))).to_be_visible()
    expect(details.get_by_role("heading", name=album.name(inside), exact=True)).to_be_visible()
    expect(page.locator(".lb-name")).to_have_text(album.name(inside))


def test_days_are_typed(page: Page, album: Album) -> None:
    ready(page)
    open_filter(page, "Date")
    page.get_by_label("From", exact=True).last.fill("2023-01-01")
    page.get_by_label("Until", exact=True).last.fill("2023-12-31")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile("from=2023-01-01.*before=2024-01-01"))
    expect_only(page, album, "東京")


def test_a_place(page: Page, album: Album, shoot: Shoot) -> None:
    ready(page)
    open_filter(page, "Place")
    page.get_by_text(re.compile("Tokyo|35\\.\\d+")).first.click()
    page.wait_for_url("**/*near=*")
    expect_only(page, album, "東京")
    shoot(page)


def test_a_format_from_an_address(new_page: NewPage, page: Page, album: Album) -> None:
    ready(page)
    open_filter(page, "More")
    page.get_by_text(re.compile("^HEI[CF]")).first.click()
    page.wait_for_url("**/*format=*")
    expect_first(page, album.files["heic"])
    expect(tiles(page)).to_have_count(1)
    other = new_page()
    other.goto(page.url)
    expect_first(other, album.files["heic"])


def test_what_passes_no_filter_is_said_and_can_be_undone(page: Page, album: Album) -> None:
    ready(page)
    page.evaluate("location.hash = 'folder=' + encodeURIComponent('/nowhere/at all')")
    expect(page.get_by_text("No picture passes these filters")).to_be_visible()
    page.get_by_role("button", name="Remove the filters").click()
    ready(page)
    assert shown(page)
    assert len(TRIPS) == 3
