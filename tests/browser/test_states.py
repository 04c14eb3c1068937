"""What the page says when there is nothing to show, nobody to ask, or not all is in reach; each has its own server."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from benchmarks.served_page import ServedPage, run_search
from core.notices import details
from core.notices import notice as told_by
from tests.browser.album import Album
from tests.browser.conftest import NewPage, Shoot
from tests.browser.fake_api import FakeApi, answer
from tests.browser.viewing import ask, expect_first, ready, search_box, tile, tiles

Made = Callable[..., Path]


@pytest.fixture
def made(environment: dict[str, str], album: Album, tmp_path: Path) -> Made:
    """Makes a library of a few of the album's photos, in a folder that the test may spoil."""

    def make(*photos: str, folder: str = "Few") -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        for photo in photos:
            shutil.copy2(album.files[photo], tmp_path / folder)
        run_search(environment, "index", tmp_path / folder, "--library", tmp_path / "library", "--model", "mini")
        return tmp_path / "library"

    return make


def test_nothing_matches_says_so_and_shows_the_closest(new_page: NewPage, site: ServedPage, shoot: Shoot) -> None:
    page = new_page()
    page.goto(site.url)
    ask(page, "a spider")
    expect(page.get_by_text(re.compile("Probably nothing here matches|Nothing here matches well"))).to_be_visible()
    ready(page)
    expect(page.get_by_text("Probably no match below")).to_have_count(0)
    shoot(page)


def test_an_empty_library_says_how_to_begin(
    new_page: NewPage, environment: dict[str, str], album: Album, tmp_path: Path, shoot: Shoot
) -> None:
    with ServedPage(environment, tmp_path / "library") as site:
        page = new_page(quiet=True)  # there is nothing to be had
        page.goto(site.url)
        expect(page.get_by_text("No pictures yet")).to_be_visible()
        expect(page.locator("code", has_text="search index")).to_be_visible()
        shoot(page)
        page.get_by_role("button", name="Choose folders").click()
        page.get_by_label("Folder to add").or_(page.get_by_placeholder("/home/ann/Photos")).first.fill(
            str(album.folder / "2023")
        )
        page.get_by_role("button", name="Add and index").click()
        expect(page.get_by_text("added").first).to_be_visible(timeout=60_000)
        shoot(page, "indexed")
        page.keyboard.press("Escape")
        ready(page)


def test_pictures_appear_while_they_are_indexed(
    new_page: NewPage, environment: dict[str, str], album: Album, made: Made, tmp_path: Path
) -> None:
    with ServedPage(environment, made("alp")) as site:
        page = new_page()
        page.goto(site.url)
        expect_first(page, album.files["alp"])
        made("orange", "minivan")  # by the command line, beside the server
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the tab
        expect(tiles(page)).to_have_count(3)
        page.close()  # before its server ends, which it would miss


def test_a_server_that_ends_is_told_and_found_again(
    new_page: NewPage, environment: dict[str, str], album: Album, made: Made, shoot: Shoot
) -> None:
    page = new_page(quiet=True)
    site = ServedPage(environment, made("minivan", "acoustic_guitar", "lycaenid"))
    with site:
        page.goto(site.url)
        ask(page, "a guitar")
        expect_first(page, album.files["acoustic_guitar"])
        site.kill()
        search_box(page).fill("a car")
        expect(page.get_by_text("The server does not answer")).to_be_visible()
        expect(tile(page, album.files["acoustic_guitar"])).to_be_visible()  # what was found is still there
        shoot(page)
        site.start()
        expect(page.get_by_text("The server does not answer")).to_be_hidden(timeout=30_000)
        expect_first(page, album.files["minivan"])


def test_pictures_of_a_drive_that_is_gone_are_found_and_marked(
    new_page: NewPage, environment: dict[str, str], album: Album, made: Made, tmp_path: Path, shoot: Shoot
) -> None:
    library = made("minivan", "orange", "alp")
    (tmp_path / "Few").rename(tmp_path / "unplugged")
    run_search(environment, "index", "--library", library)
    with ServedPage(environment, library) as site:
        page = new_page(quiet=True)  # their thumbnails cannot be had
        page.goto(site.url)
        ask(page, "a car")
        car = tile(page, album.files["minivan"])
        expect(car.get_by_text("Offline")).to_be_visible()
        expect(page.get_by_text("Not connected now")).to_be_visible()
        shoot(page)
        car.click()
        expect(page.get_by_role("dialog", name="Picture").get_by_text("out of reach").first).to_be_visible()


def test_a_picture_asked_with_that_is_no_longer_kept_is_told(new_page: NewPage, site: ServedPage) -> None:
    page = new_page(quiet=True)
    page.goto(f"{site.url}#upload=u_long_gone")
    expect(page.get_by_text("That picture is no longer here")).to_be_visible()
    page.get_by_role("button", name="Show all pictures").or_(page.get_by_role("button", name="Clear")).first.click()
    ready(page)


@pytest.mark.parametrize(
    ("locale", "notice", "problem"),
    [
        ("en-GB", "Not reranked: blip has not seen these pictures yet", "The library has no such picture any more."),
        ("zh-CN", "未重新排序：blip 还没有看过这些图片", "图库里已没有这张图片。"),
    ],
)
def test_what_the_server_says_is_said_in_the_pages_language(
    new_page: NewPage, locale: str, notice: str, problem: str
) -> None:
    told = details(told_by("rerank_slow", model="blip", count=100).behind("not reranked: "))
    unknown = {"code": None, "text": "a notice of a later version", "values": {}}
    page = new_page(locale=locale, quiet=True)
    found = {**answer(1), "notices": [told["text"], unknown["text"]], "notice_details": [told, unknown]}
    fake = FakeApi(search=lambda _: [found])
    fake.open(page, "#q=dog")
    expect(page.locator(".notice").first).to_contain_text(notice)
    expect(page.locator(".notice").last).to_contain_text("a notice of a later version")
    refusal = {"status": 404, "code": "unknown_picture", "detail": "the library has no picture 7"}
    page.route("**/api/v1/search", lambda route: route.fulfill(status=404, json=refusal))
    page.locator("#q").fill("cat")
    expect(page.locator(".state-card")).to_contain_text(problem)
