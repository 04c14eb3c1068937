"""One picture, large: its neighbours, what is known of it, zooming, downloads, its tags."""

import io
import re

from PIL import ExifTags, Image
from playwright.sync_api import Page, expect

from tests.browser.album import ODD_CAPTION, Album
from tests.browser.conftest import NewPage, Shoot
from tests.browser.viewing import ask, expect_first, ready, shown, tile, tiles

FOUND = "img => img.complete && img.naturalWidth > 0 ? img.naturalWidth : 0"


def open_first(page: Page, words: str) -> None:
    """Ask, and open the best hit."""
    ask(page, words)
    page.wait_for_url("**/#q=**")
    ready(page)
    expect(page.get_by_text("pictures searched")).to_be_visible()
    tiles(page).first.click()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()


def test_it_opens_says_how_it_fits_turns_pages_and_closes(page: Page, album: Album, shoot: Shoot) -> None:
    ask(page, "a guitar")
    expect_first(page, album.files["acoustic_guitar"])
    names = shown(page, 3)
    tiles(page).first.click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_text(names[0]).first).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"^1 of \d+\+?$"))).to_be_visible()
    expect(dialog.get_by_text("NIKON D90")).to_be_visible()
    expect(dialog.get_by_text("20 November 2021 at 19:00")).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"9\d\s*%"))).to_be_visible()
    expect(dialog.get_by_text("Cosine")).to_be_visible()
    expect(dialog.get_by_text(str(album.files["acoustic_guitar"]))).to_be_visible()
    page.wait_for_function("() => document.querySelector('.lb-high, .lb-stage img')?.naturalWidth > 0")
    shoot(page)
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text(re.compile(r"^2 of \d+\+?$"))).to_be_visible()
    expect(dialog.get_by_text(names[1]).first).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_text(re.compile(r"^1 of \d+\+?$"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == names[0]


def test_an_address_opens_it_and_back_closes_it(new_page: NewPage, page: Page, album: Album) -> None:
    open_first(page, "a guitar")
    shared = page.url
    assert "open=" in shared
    page.go_back()
    expect(page.get_by_role("dialog", name="Picture")).to_be_hidden()
    other = new_page()
    other.goto(shared)
    dialog = other.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_text(album.name("acoustic_guitar")).first).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"^1 of \d+\+?$"))).to_be_visible()


def test_heic_is_shown_though_the_browser_cannot(page: Page, album: Album) -> None:
    ready(page)
    heic = tile(page, album.files["heic"])
    expect(heic).to_be_visible()
    heic.click()
    expect(page.get_by_role("dialog", name="Picture").get_by_text(album.name("heic")).first).to_be_visible()
    page.wait_for_function("() => [...document.querySelectorAll('.lb-stage img')].some(one => one.naturalWidth > 300)")


def test_zoom_by_keys_and_back(page: Page, album: Album) -> None:
    ready(page)
    tile(page, album.files["large"]).click()
    large = page.locator(".lb-stage img").last
    page.wait_for_function("() => [...document.querySelectorAll('.lb-stage img')].some(one => one.naturalWidth > 1500)")
    before = large.bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_timeout(300)
    after = large.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 1.5 * before["width"]
    page.keyboard.press("0")
    page.wait_for_timeout(300)
    again = large.bounding_box()
    assert again is not None
    assert abs(again["width"] - before["width"]) < 2


def test_what_is_downloaded_has_the_place_or_not(page: Page, album: Album) -> None:
    open_first(page, "a guitar")
    original = album.files["acoustic_guitar"].read_bytes()
    whole = download(page, "The file as it is")
    assert whole == original
    without = download(page, "Without the place")
    with Image.open(io.BytesIO(without)) as image:
        assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert image.getexif()[ExifTags.Base.Model] == "NIKON D90"
        pixels = image.tobytes()
    with Image.open(io.BytesIO(original)) as image:
        assert image.tobytes() == pixels


def download(page: Page, kind: str) -> bytes:
    page.get_by_role("button", name="Download").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name=kind).click()
    return coming.value.path().read_bytes()


def test_a_caption_that_looks_like_markup_is_shown_as_it_is_written(page: Page, album: Album) -> None:
    ask(page, "said the sign")
    expect_first(page, album.files["alp"])
    tiles(page).first.click()
    expect(page.get_by_role("dialog", name="Picture").get_by_text(ODD_CAPTION)).to_be_visible()
    assert page.title() != "stolen"


def test_a_tag_is_given_found_and_taken_away(page: Page, album: Album) -> None:
    ready(page)
    tile(page, album.files["heic"]).click()
    dialog = page.get_by_role("dialog", name="Picture")
    field = dialog.get_by_placeholder("Add a tag")
    field.fill("Knut's bear")
    field.press("Enter")
    tag = dialog.get_by_role("button", name="Pictures tagged Knut's bear").or_(dialog.get_by_text("Knut's bear"))
    expect(tag.first).to_be_visible()
    tag.first.click()
    expect(dialog).to_be_hidden()
    expect_first(page, album.files["heic"])
    expect(tiles(page)).to_have_count(1)
    tiles(page).first.click()
    dialog.get_by_role("button", name="Remove the tag Knut's bear").click()
    expect(dialog.get_by_text("Knut's bear")).to_have_count(0)
