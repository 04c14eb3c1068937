"""For everybody: keyboard alone, small screens, dark, Chinese, less motion, and what axe finds."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from benchmarks.served_page import ServedPage
from tests.browser.album import Album
from tests.browser.conftest import PHONE, NewPage, Shoot
from tests.browser.viewing import expect_first, ready, search_box, shown

TABLET = {"width": 820, "height": 1180}
TOUCHED = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
DARK, CHINESE = {"color_scheme": "dark"}, {"locale": "zh-CN"}
LARGE = "#q=a+dog&open=1"
SIGHTS = {
    "browsing": ({}, ""),
    "asking": ({}, "#q=a+dog"),
    "nothing": ({}, "#q=a+spider"),
    "filtered": ({}, "#camera=NIKON+D90&orientation=landscape"),
    "duplicates": ({}, "#view=duplicates"),
    "large": ({}, LARGE),
    "dark": (DARK, "#q=a+dog"),
    "large, dark": (DARK, LARGE),
    "phone": (TOUCHED, "#q=a+dog&like=1"),
    "duplicates, phone": ({**TOUCHED, **DARK}, "#view=duplicates"),
    "large, phone, Chinese": ({**TOUCHED, **CHINESE}, LARGE),
}


# What can be pressed, is in view, and is missed 20 px above, below or beside its middle: a finger is no needle.
_TOO_SMALL = """() => {
    const seen = { checkOpacity: true, checkVisibilityCSS: true };
    const missed = (one) => {
        const box = one.getBoundingClientRect();
        const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
        if (x < 22 || x > innerWidth - 22 || y < 22 || y > innerHeight - 22) return false;
        return [[0, -19], [0, 19], [-19, 0], [19, 0]].some(([dx, dy]) => {
            const hit = document.elementFromPoint(x + dx, y + dy);
            return hit && !one.contains(hit) && !hit.closest("label")?.contains(one) && box.width > 1;
        });
    };
    return [...document.querySelectorAll("button, select, input:not([type=file])")]
        .filter((one) => one.checkVisibility(seen) && missed(one)).map((one) => one.outerHTML.slice(0, 120));
}"""


_STILL = "document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical, a line each, once nothing fades any more."""
    until = time.monotonic() + 5
    while not page.evaluate(_STILL):  # Playwright's own waiting evaluates strings, which the page forbids
        assert time.monotonic() < until, "something fades on and on"
        page.wait_for_timeout(50)
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("sight", SIGHTS)
def test_axe_finds_nothing_serious(new_page: NewPage, site: ServedPage, shoot: Shoot, sight: str) -> None:
    clothes, fragment = SIGHTS[sight]
    page = new_page(**clothes)
    page.goto(f"{site.url}{fragment}")
    if "large" in sight:
        expect(page.get_by_role("dialog").locator("dl")).to_be_attached()
    expect(page.locator("#grid .tile.loaded, #duplicates img").first).to_be_attached()
    page.wait_for_timeout(300)  # what fades in has its colours then
    shoot(page)
    assert serious(page) == []


def test_panels_are_clean_too(page: Page, shoot: Shoot) -> None:
    ready(page)
    for name in ("Date", "Folder", "Camera", "Place", "Tags", "More"):
        page.locator("#filters").get_by_role("button", name=name).first.click()
        page.wait_for_timeout(300)
        shoot(page, name)
        assert serious(page) == [], name
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_text("Among the pictures")).to_be_visible()
    page.wait_for_timeout(300)
    shoot(page, "keys")
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    page.wait_for_timeout(300)
    shoot(page, "menu")
    assert serious(page) == []


def test_everything_by_keyboard(page: Page, album: Album) -> None:
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type("a guitar")
    expect_first(page, album.files["acoustic_guitar"])
    page.keyboard.press("ArrowDown")
    assert focused(page) == album.name("acoustic_guitar")
    second = shown(page)[1]
    page.keyboard.press("ArrowRight")
    assert focused(page) == second
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_text(second).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert focused(page) == second
    page.keyboard.press("m")
    expect(page.locator(".query-chip.like")).to_have_count(1)
    page.keyboard.press("/")
    expect(search_box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".query-chip")).to_have_count(0)
    expect(search_box(page)).to_have_value("")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName")


def test_tab_reaches_the_filters_the_pictures_and_the_menu(page: Page) -> None:
    ready(page)
    page.wait_for_load_state("networkidle")
    page.locator("body").focus()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.closest('#search-box, #filters, #grid, #menu, #scrubber')?.id")
        )
    assert {"search-box", "filters", "grid", "menu"} <= reached


@pytest.mark.parametrize("screen", ["phone", "tablet"])
def test_a_small_screen_holds_it_all(new_page: NewPage, site: ServedPage, shoot: Shoot, screen: str) -> None:
    page = new_page(**(TOUCHED if screen == "phone" else {"viewport": TABLET, "has_touch": True}))
    page.goto(f"{site.url}#q=a+dog")
    ready(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page)
    assert page.evaluate(_TOO_SMALL) == []


def test_a_finger_turns_pages(new_page: NewPage, site: ServedPage, shoot: Shoot) -> None:
    page = new_page(**TOUCHED)
    page.goto(f"{site.url}#q=a+dog")
    ready(page)
    page.locator("#grid .tile").first.tap()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_text(re.compile(r"^1 of \d+\+?$"))).to_be_visible()
    shoot(page)
    swipe(page, 300, 80)
    expect(dialog.get_by_text(re.compile(r"^2 of \d+\+?$"))).to_be_visible()


def swipe(page: Page, start: int, end: int) -> None:
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, int]) -> None:
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": start, "y": 400})
    for step in range(1, 6):
        touch("touchMove", {"x": start + (end - start) * step // 5, "y": 400})
    touch("touchEnd")


def test_chinese_is_chosen_by_the_browser(new_page: NewPage, site: ServedPage) -> None:
    page = new_page(locale="zh-CN")
    page.goto(f"{site.url}#q=a+dog")
    ready(page)
    expect(page.get_by_text("以下可能不匹配")).to_be_visible()
    assert page.evaluate("document.documentElement.lang").startswith("zh")
    page.goto(site.url)
    expect(page.locator("#grid h2").first).to_contain_text("年")
    texts = page.locator("#header, #filters").all_inner_texts()
    assert not re.findall(r"[A-Za-z]{4,}", " ".join(texts).replace("search", ""))


def test_light_and_dark_can_be_switched_and_are_remembered(new_page: NewPage, site: ServedPage) -> None:
    page = new_page()
    page.goto(site.url)
    ready(page)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("radio", name="Dark").check()
    page.wait_for_function("light => getComputedStyle(document.body).backgroundColor !== light", arg=light)
    page.reload()
    ready(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_nothing_moves_where_less_motion_is_wished(new_page: NewPage, site: ServedPage) -> None:
    page = new_page(reduced_motion="reduce")
    page.goto(f"{site.url}#q=a+dog")
    ready(page)
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter(one => {
            const { transitionDuration, animationDuration } = getComputedStyle(one);
            return [transitionDuration, animationDuration].some(all => all.split(",").some(time => parseFloat(time) > 0.02));
        }).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert moving == []
