"""The page by keyboard alone: everything is reached, and the focus is never lost when something closes or goes away."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from benchmarks.served_page import ServedPage
from tests.browser.album import Album
from tests.browser.conftest import NewPage, Shoot
from tests.browser.fake_api import FakeApi
from tests.browser.test_looks import serious
from tests.browser.viewing import ask, ready, tiles

_LOST = "() => document.activeElement === document.body || document.activeElement === null"
_SETTLED_MS = 120  # frames in which the page gives the focus to what is left


def press(page: Page, *keys: str) -> None:
    """One after the other; each leaves the focus somewhere."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(_SETTLED_MS)
        stays(page, key)


def stays(page: Page, why: str) -> None:
    """The focus is somewhere, after some frames at the latest: a busy machine draws few of them."""
    until = time.monotonic() + 3
    while page.evaluate(_LOST):
        assert time.monotonic() < until, f"{why} lost the focus"
        page.wait_for_timeout(50)


def tab_to(page: Page, wanted: str, *, most: int = 60) -> None:
    """Tab until what has the focus matches this selector."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def inside(page: Page, selector: str) -> bool:
    return bool(page.evaluate("selector => document.activeElement.closest(selector) !== null", selector))


@pytest.mark.parametrize(
    "clothes", [{}, {"color_scheme": "dark"}, {"locale": "zh-CN"}], ids=["light", "dark", "Chinese"]
)
def test_the_bar_of_times_is_reached_and_moved(new_page: NewPage, shoot: Shoot, clothes: dict[str, object]) -> None:
    page = new_page(**clothes)
    FakeApi(pictures=5000).open(page)
    ready(page)
    hand = page.get_by_role("slider")
    tab_to(page, "[role=slider]")
    expect(hand).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    told = []
    for key in ("ArrowDown", "PageDown", "ArrowUp", "PageUp", "End", "Home"):
        press(page, key)
        told.append((int(hand.get_attribute("aria-valuenow") or -1), hand.get_attribute("aria-valuetext")))
        if key == "PageDown":
            page.wait_for_timeout(300)
            shoot(page)
            assert serious(page) == []
    down, far, up, back, end, home = (value for value, _ in told)
    assert 0 == home <= back < down <= up < far < end == 100
    assert len({text for _, text in told}) >= 4
    expect(hand).to_be_focused()
    page.keyboard.press("Shift+Tab")
    assert inside(page, "#grid")


def test_a_page_that_scrolls_under_a_focused_picture_keeps_it(new_page: NewPage) -> None:
    page = new_page()
    FakeApi(pictures=3000).open(page)
    ready(page)
    tab_to(page, ".tile-link")
    press(page, "Space", "Space", "Space", "Shift+Space", "Shift+Space", "Shift+Space")
    assert inside(page, ".tile[data-id='1']")


@pytest.mark.parametrize("name", ["Date", "Folder", "Camera", "Place", "Tags", "More"])
def test_a_filters_panel_is_entered_and_left(page: Page, name: str) -> None:
    ready(page)
    press(page, "Escape", "f")
    tab_to(page, f".pill[data-filter={name.lower()}] .pill-open")
    press(page, "Enter")
    assert inside(page, ".filter-panel")
    expect(page.locator(".filter-panel .quiet-note", has_text="Counting")).to_be_hidden()
    if name != "Tags":  # none are there to choose from
        page.keyboard.press("Tab")
        assert inside(page, ".filter-panel")
    press(page, "Escape")
    expect(page.locator(f".pill[data-filter={name.lower()}] .pill-open")).to_be_focused()


def test_the_map_is_moved_and_a_place_taken(page: Page, shoot: Shoot) -> None:
    ready(page)
    page.locator(".pill[data-filter=place] .pill-open").press("Enter")
    tab_to(page, ".map")
    seen = page.locator(".map-picture").get_attribute("viewBox")
    press(page, "+", "ArrowRight", "ArrowDown")
    assert page.locator(".map-picture").get_attribute("viewBox") != seen
    shoot(page)
    assert serious(page) == []
    press(page, "Enter")
    page.wait_for_url("**/*near=*")
    assert inside(page, ".filter-panel")


def test_chips_that_are_turned_and_removed_leave_the_focus_beside_them(page: Page) -> None:
    ready(page)
    ask(page, "a dog")
    press(page, "ArrowDown")
    press(page, "m")
    expect(page.locator(".query-chip.like")).to_have_count(1)
    ready(page)
    press(page, "ArrowRight", "l")
    expect(page.locator(".query-chip.unlike")).to_have_count(1)
    page.locator(".query-chip.like .chip-turn").focus()
    press(page, "Enter")
    expect(page.locator(".query-chip.unlike")).to_have_count(2)
    assert inside(page, "#search-box")
    for left in (1, 0):
        page.locator(".query-chip .chip-remove").first.focus()
        press(page, "Enter")
        expect(page.locator(".query-chip")).to_have_count(left)
        assert inside(page, "#search-box")
    page.locator(".pill[data-filter=camera] .pill-open").press("Enter")
    expect(page.locator(".filter-panel .quiet-note", has_text="Counting")).to_be_hidden()
    tab_to(page, ".filter-panel input[type=checkbox], .filter-panel input[type=radio]", most=4)
    press(page, "Space")
    page.wait_for_url("**/*camera=*")
    press(page, "Escape")
    tab_to(page, ".pill-remove", most=2)
    press(page, "Enter")
    assert inside(page, ".pill[data-filter=camera]")


def test_in_one_picture_the_focus_stays_and_comes_back(page: Page, album: Album) -> None:
    ready(page)
    ask(page, "a guitar")
    expect(page.get_by_role("link", name=album.name("acoustic_guitar"))).to_be_visible()
    press(page, "ArrowDown", "Enter")
    dialog = page.get_by_role("dialog", name="Picture")
    tab_to(page, ".tag-form input")
    page.keyboard.type("by keyboard")
    press(page, "Enter")
    remove = dialog.get_by_role("button", name="Remove the tag by keyboard")
    expect(remove).to_be_visible()
    remove.focus()
    press(page, "Enter")
    expect(remove).to_have_count(0)
    assert inside(page, "dialog[open]")
    tab_to(page, ".explain")
    press(page, "Enter", "Escape", "d", "Escape", "i", "i")
    expect(dialog).to_be_visible()
    while page.locator(".lb-right").is_enabled():  # to the end, where the button that was pressed cannot be any more
        page.locator(".lb-right").focus()
        press(page, "Enter", "End")
        if dialog.get_by_text(re.compile(r"^[5-9] of")).count():
            break
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    assert inside(page, "#grid")
    press(page, "Enter", "m")
    page.wait_for_url("**/*like=*")
    ready(page)
    page.wait_for_timeout(_SETTLED_MS)
    assert inside(page, "#grid")


def test_dialogs_and_views_give_the_focus_back(page: Page, shoot: Shoot) -> None:
    ready(page)
    press(page, "Escape", "f", "?", "Escape", "j", "Escape")
    assert inside(page, "#filters")
    page.get_by_role("button", name="Menu").focus()
    press(page, "Enter", "Tab", "Escape")
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    press(page, "x")
    expect(page.locator(".duplicates-picture").first).to_be_visible()
    tab_to(page, ".duplicates-picture")
    press(page, "Enter", "ArrowRight", "Escape")
    assert inside(page, "#duplicates")
    tab_to(page, ".duplicates-file input")
    press(page, "Space")
    shoot(page)
    page.get_by_role("button", name="Unmark all").focus()
    press(page, "Enter")
    page.locator(".duplicates-kinds button").nth(1).focus()
    press(page, "Enter", "x")
    expect(tiles(page).first).to_be_visible()
    assert inside(page, "#main")


def test_what_a_state_offers_leaves_the_focus_in_the_page(new_page: NewPage, site: ServedPage) -> None:
    page = new_page()
    page.goto(f"{site.url}#folder=%2Fnowhere")
    tab_to(page, "#states button")
    press(page, "Enter")
    ready(page)
    page.wait_for_timeout(_SETTLED_MS)
    stays(page, "a button that is gone")
