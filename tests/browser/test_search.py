"""Searching on the page: words, pictures, both; what is found, in which order, and that Back and an address bring it back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from benchmarks.served_page import ServedPage
from tests.browser.album import BURST_SHOTS, ODD_NAME, Album
from tests.browser.conftest import NewPage
from tests.browser.viewing import ask, expect_first, ready, search_box, shown, tile, tiles

BUTTERFLIES = ("lycaenid", "ringlet")


def test_words_find_what_is_in_the_pictures_while_they_are_typed(page: Page, album: Album) -> None:
    ready(page)
    ask(page, "a guitar")
    expect_first(page, album.files["acoustic_guitar"])
    ask(page, " and")  # no key but letters was pressed
    search_box(page).fill("a butterfly")
    expect_first(page, *(album.files[name] for name in BUTTERFLIES))


def test_what_is_probably_no_match_stands_below_a_line(page: Page, album: Album) -> None:
    ask(page, "a beetle")
    beetles = [album.files[name].name for name in ("rhinoceros_beetle", "ground_beetle")]
    expect_first(page, *(album.files[name] for name in ("rhinoceros_beetle", "ground_beetle")))
    line = page.get_by_text("Probably no match below")
    expect(line).to_be_visible()
    place = line.bounding_box()
    assert place is not None
    above = [name for name in shown(page) if (tile(page, Path(name)).bounding_box() or place)["y"] < place["y"]]
    assert sorted(above) == sorted(beetles)


def test_only_the_newest_question_is_answered(new_page: NewPage, site: ServedPage, album: Album) -> None:
    page = new_page()
    slow: list[Request] = []

    def hold(route) -> None:
        """The answer to "a dog" comes when nobody waits for it any more."""
        if route.request.post_data_json.get("text") == "a dog":
            slow.append(route.request)
            page.wait_for_timeout(800)
        route.continue_()

    page.route("**/api/v1/search", hold)
    page.goto(site.url)
    ask(page, "a dog")
    page.wait_for_timeout(300)
    search_box(page).fill("a guitar")
    expect_first(page, album.files["acoustic_guitar"])
    page.wait_for_timeout(1000)
    assert slow
    expect_first(page, album.files["acoustic_guitar"])


def test_words_are_in_no_address_that_a_server_sees(new_page: NewPage, site: ServedPage) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url)
    ask(page, "secretword")
    page.wait_for_url("**/#q=secretword")
    ready(page)
    assert asked
    assert not [url for url in asked if "secretword" in url.partition("#")[0]]
    assert {re.match(r"\w+://[^/]+/", url)[0] for url in asked if not url.startswith(("data:", "blob:"))} == {site.url}


def test_back_and_an_address_bring_a_question_back(new_page: NewPage, site: ServedPage, album: Album) -> None:
    page = new_page()
    page.goto(site.url)
    ask(page, "a guitar")
    expect_first(page, album.files["acoustic_guitar"])
    tile(page, album.files["acoustic_guitar"]).hover()
    tile(page, album.files["acoustic_guitar"]).get_by_role("button", name="More like this").click()
    expect(page.locator(".query-chip")).to_have_count(1)
    shared = page.url
    page.go_back()
    expect(page.locator(".query-chip")).to_have_count(0)
    expect(search_box(page)).to_have_value("a guitar")
    expect_first(page, album.files["acoustic_guitar"])
    page.go_back()
    expect(search_box(page)).to_have_value("")
    page.go_forward()
    expect(search_box(page)).to_have_value("a guitar")
    other = new_page()
    other.goto(shared)
    expect(other.locator(".query-chip")).to_have_count(1)
    expect(search_box(other)).to_have_value("a guitar")


def test_more_and_less_like_a_picture(page: Page, album: Album) -> None:
    ask(page, "a dog")
    ready(page)
    dog = tile(page, album.files["Norwegian_elkhound"])
    dog.hover()
    dog.get_by_role("button", name="More like this").click()
    expect(page.locator(".query-chip.like")).to_have_count(1)
    page.wait_for_function(
        "name => document.querySelector('#grid .tile-link').ariaLabel === name", arg=album.name("Norwegian_elkhound")
    )
    other = tile(page, album.files["Tibetan_mastiff"])
    other.hover()
    other.get_by_role("button", name="Less like this").click()
    expect(page.locator(".query-chip.unlike")).to_have_count(1)
    expect(other).to_have_count(0)  # what is not wanted is no hit itself
    assert album.name("Walker_hound") in shown(page, 10)  # and the others are dogs still
    search_box(page).press("Home")
    search_box(page).press("Backspace")
    expect(page.locator(".query-chip")).to_have_count(1)


@pytest.mark.parametrize("way", ["dropped", "pasted", "chosen"])
def test_a_picture_from_outside_finds_its_copies_first(page: Page, album: Album, way: str) -> None:
    ready(page)
    file = album.files["minivan"]
    if way == "chosen":
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="picture").first.click()
        chooser.value.set_files(file)
    else:
        hand_over(page, file, "drop" if way == "dropped" else "paste")
    expect(page.locator(".query-chip")).to_have_count(1)
    expect_first(page, file)
    assert shown(page)[1] == album.name("smaller") or tile(page, file).locator(".stack").count()


def hand_over(page: Page, file: Path, event: str, *, onto: str = "#grid") -> None:
    """As the system hands a file to a page: with a DataTransfer that holds it."""
    content = list(file.read_bytes())
    page.evaluate(
        """([name, content, event, onto]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(content)], name, { type: "image/jpeg" }));
            const target = document.querySelector(onto);
            const options = { bubbles: true, cancelable: true };
            if (event === "paste") target.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
            else for (const kind of ["dragenter", "dragover", "drop"])
                target.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: data }));
        }""",
        [file.name, content, event, onto],
    )


def test_what_is_no_picture_is_refused_in_words(new_page: NewPage, site: ServedPage, tmp_path: Path) -> None:
    page = new_page(quiet=True)
    page.goto(site.url)
    ready(page)
    no_picture = tmp_path / "letter.jpg"
    no_picture.write_bytes(b"Dear reader, this is no picture.")
    hand_over(page, no_picture, "drop")
    expect(page.get_by_role("alert").or_(page.locator("#toasts"))).to_contain_text("picture")
    expect(page.locator(".query-chip")).to_have_count(0)


def test_a_picture_dropped_on_the_box_is_looked_for_with_the_words(page: Page, album: Album) -> None:
    ask(page, "a dog")
    ready(page)
    hand_over(page, album.files["alp"], "drop", onto="#search-box")
    expect(page.locator(".query-chip")).to_have_count(1)
    expect(search_box(page)).to_have_value("a dog")
    assert "upload=" in page.url
    assert "q=a+dog" in page.url
    weight = page.locator("#search-box").get_by_role("slider")
    expect(weight).to_be_visible()
    page.wait_for_function(
        "name => document.querySelector('#grid .tile-link')?.ariaLabel === name", arg=album.name("alp")
    )
    weight.fill("-2")  # the words count for more
    page.wait_for_function(
        "name => document.querySelector('#grid .tile-link')?.ariaLabel !== name", arg=album.name("alp")
    )


def test_a_burst_is_one_stack_that_opens(page: Page, album: Album) -> None:
    ask(page, "a bicycle")
    burst = [album.name(f"burst {number}") for number in range(BURST_SHOTS)]
    page.wait_for_function("names => names.includes(document.querySelector('#grid .tile-link')?.ariaLabel)", arg=burst)
    first = tiles(page).first
    stack = first.get_by_role("button", name=str(BURST_SHOTS))
    expect(stack).to_be_visible()
    assert len([name for name in shown(page) if name in burst]) == 1
    stack.click()
    page.wait_for_function(
        "names => names.every(name => [...document.querySelectorAll('#grid .tile-link, #lightbox img, .lb-stack img')].some(one => (one.ariaLabel ?? one.alt) === name))",
        arg=burst,
    )


def test_names_and_captions_are_text_and_never_markup(page: Page, album: Album) -> None:
    ask(page, "said the sign")
    expect_first(page, album.files["alp"])
    search_box(page).fill("snowmobile ünï")
    expect(page.get_by_role("link", name=ODD_NAME, exact=True)).to_be_visible()
    assert page.title() != "stolen"
    assert page.locator("#grid b").count() == 0
