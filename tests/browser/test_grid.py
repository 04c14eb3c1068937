"""The grid and the search box before an API whose answers are made up: huge lists, late answers, a server that goes."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.fake_api import FakeApi, answer

TILE = ".tile-link"


def _ids(page: Page) -> list[int]:
    return page.eval_on_selector_all(".tile", "tiles => tiles.map(tile => Number(tile.dataset.id))")


def _type(page: Page, words: str) -> None:
    page.locator("#q").fill(words)


def _first(page: Page, image_id: int) -> None:
    expect(page.locator(".tile").first).to_have_attribute("data-id", str(image_id))


def test_of_more_pictures_than_an_element_can_be_high_only_those_in_view_are_there(new_page: NewPage) -> None:
    page = new_page()
    FakeApi(pictures=300_000).open(page)
    _first(page, 1)
    page.locator(TILE).first.focus()
    page.keyboard.press("End")
    expect(page.locator("[data-id='300000']")).to_be_in_viewport()
    assert _ids(page) == list(range(min(_ids(page)), 300_001))
    assert len(_ids(page)) < 120
    page.mouse.wheel(0, -100_000)
    page.wait_for_function("() => document.querySelectorAll('.tile')[0].dataset.id < 299_000")
    *shown, focused = _ids(page)
    assert shown == list(range(shown[0], shown[-1] + 1))
    assert focused == 300_000  # what has the focus stays in the page
    page.keyboard.press("Home")
    _first(page, 1)


def test_the_order_of_the_reranker_takes_the_place_of_the_vectors(new_page: NewPage) -> None:
    page = new_page()
    FakeApi(search=lambda _: [answer(1, 2, 3), answer(3, 1, 2)]).open(page, "#q=dog")
    _first(page, 3)
    assert _ids(page) == [3, 1, 2]


def test_the_next_page_comes_when_the_end_is_near(new_page: NewPage) -> None:
    def search(question: dict[str, object]) -> list[dict[str, object]]:
        start = int(str(question.get("cursor", 0)))
        return [answer(*range(start + 1, start + 61), cursor=str(start + 60) if start < 180 else None)]

    page, fake = new_page(), FakeApi(search=search)
    fake.open(page, "#q=dog")
    _first(page, 1)
    scrolled = "scrollTo(0, document.documentElement.scrollHeight)"
    page.wait_for_function(f"""() => {{ {scrolled}; return document.querySelector("[data-id='240']") }}""")
    assert fake.asked.count("search") == 4


def test_a_server_that_went_is_told_and_found_again(new_page: NewPage) -> None:
    page, fake = new_page(quiet=True), FakeApi(search=lambda _: [answer(5)])
    fake.open(page)
    _first(page, 1)
    fake.gone = True
    _type(page, "dog")
    expect(page.locator(".banner.problem")).to_be_visible()
    _first(page, 1)  # what was found is still there
    fake.gone = False
    expect(page.locator(".banner.problem")).to_have_count(0)
    _first(page, 5)


def test_where_nothing_matches_it_is_said_above_the_nearest(new_page: NewPage) -> None:
    page = new_page()
    FakeApi(search=lambda _: [answer(1, 2, match=0.2)]).open(page, "#q=dog")
    expect(page.locator("h2.section-heading")).to_have_text("Probably nothing here matches. The nearest:")
    assert _ids(page) == [1, 2]


def test_only_matches_are_shown_when_asked_for_and_the_nearest_where_there_is_none(new_page: NewPage) -> None:
    def search(question: dict[str, object]) -> list[dict[str, object]]:
        if question.get("min_match") != 0.5:
            return [{**answer(1, 2), "hits": [*answer(1, match=0.9)["hits"], *answer(2, match=0.1)["hits"]]}]
        found = answer(1, match=0.9) if question["text"] == "dog" else {**answer(), "nearest": answer(3)["hits"]}
        return [found]

    page = new_page()
    FakeApi(search=search).open(page, "#q=dog")
    only = page.get_by_role("button", name="Only matches")
    only.press("Enter")
    expect(only).to_have_attribute("aria-pressed", "true")
    expect(only).to_be_focused()
    assert _ids(page) == [1]
    _type(page, "cat")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert _ids(page) == [3]
    page.get_by_role("button", name="Also what probably does not match").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_arrows_lead_through_the_pictures_and_m_looks_for_more_like_one(new_page: NewPage) -> None:
    page = new_page()
    fake = FakeApi(search=lambda question: [answer(*question["images"], 40)])
    fake.open(page)
    _first(page, 1)
    page.locator("#q").press("ArrowDown")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    focused = page.evaluate("Number(document.activeElement.closest('.tile').dataset.id)")
    assert focused > 4  # in the second row
    page.keyboard.press("m")
    _first(page, focused)
    assert page.url.endswith(f"#like={focused}")
    expect(page.locator(".query-chip.like")).to_have_count(1)
