"""What a person sees and does on the page, in words of the page: for tests."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect


def search_box(page: Page) -> Locator:
    return page.get_by_role("searchbox")


def tiles(page: Page) -> Locator:
    """The pictures that are in the page now, in reading order."""
    return page.locator("#grid .tile")


def tile(page: Page, file: Path) -> Locator:
    """The picture of this file."""
    return tiles(page).filter(has=page.get_by_role("link", name=file.name, exact=True))


def shown(page: Page, first: int = 1000) -> list[str]:
    """Names of the files of the first pictures, in reading order."""
    links = page.locator("#grid .tile-link")
    names: list[str] = links.evaluate_all("all => all.map(one => one.ariaLabel ?? one.getAttribute('aria-label'))")
    return names[:first]


def expect_first(page: Page, *files: Path) -> None:
    """That the first pictures are these, in whatever order, and that their thumbnails are drawn."""
    wanted = sorted(file.name for file in files)
    page.wait_for_function(
        """wanted => {
            const all = [...document.querySelectorAll("#grid .tile-link")].slice(0, wanted.length);
            const names = all.map(one => one.getAttribute("aria-label")).sort();
            return JSON.stringify(names) === JSON.stringify(wanted)
                && all.every(one => one.querySelector("img").naturalWidth > 0);
        }""",
        arg=wanted,
    )


def ask(page: Page, words: str) -> None:
    """Type it, as a person does."""
    search_box(page).click()
    search_box(page).press_sequentially(words, delay=10)


def ready(page: Page) -> None:
    """Until pictures are shown."""
    expect(tiles(page).first).to_be_visible()
