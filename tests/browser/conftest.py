"""A library of real photos, the real server of it, and Debian's Chromium, driven by Playwright.

Without a Chromium on the path, or without the test data, every test here is skipped, with the reason. Where
SEARCH_TEST_SCREENSHOTS names a folder, the tests leave there what they saw.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route, expect, sync_playwright

from benchmarks.served_page import ServedPage, environment_of, run_search
from tests.browser.album import Album, make_album
from web.page import read_page

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_SCREENSHOTS = os.environ.get("SEARCH_TEST_SCREENSHOTS")  # read before tests lose the user's settings
_WAIT_MS = 15_000  # for what takes a tenth of a second where nothing else runs

expect.set_options(timeout=_WAIT_MS)

NewPage = Callable[..., Page]
Shoot = Callable[..., None]
Run = Callable[..., object]

_ADDRESS = "http://page.test/"


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in _CHROMIUMS:
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on the path: `apt install chromium`")


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """For settings, caches and sockets; a socket's path must be short, so it is not below pytest's folder."""
    folder = Path(tempfile.mkdtemp(prefix="page-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def environment(home: Path, user_cache: Path) -> dict[str, str]:
    return environment_of(home) | {"XDG_CACHE_HOME": str(user_cache)}  # with the graphs that other tests use, too


@pytest.fixture(scope="session")
def album(chromium: str, test_data: Path, home: Path) -> Album:
    del chromium  # without one nothing need be made
    return make_album(test_data / "photos", home / "Photos")


@pytest.fixture(scope="session")
def library(album: Album, environment: dict[str, str], home: Path) -> Path:
    run_search(environment, "index", album.folder, "--library", home / "library", "--model", "mini")
    return home / "library"


@pytest.fixture(scope="session")
def site(library: Path, environment: dict[str, str]) -> Iterator[ServedPage]:
    """The server that all tests share which do not end theirs."""
    with ServedPage(environment, library) as served:
        yield served


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Of one module: Playwright leaves a running event loop in the thread, which other tests must not find."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium) as launched:
        yield launched


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Makes pages in contexts of their own; whatever goes wrong inside one fails the test at its end."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(*, quiet: bool = False, **options: object) -> Page:
        """A page; with `quiet`, what fails in it is not held against it: the test makes something fail."""
        context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", "timezone_id": "UTC", **options})
        context.set_default_timeout(_WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        if not quiet:
            page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
            page.on("console", lambda line: wrong.append(line.text) if line.type in {"error", "warning"} else None)
            page.on("response", lambda response: wrong.extend(_refused(response)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


def _refused(response: Response) -> list[str]:
    return [f"{response.status} {response.request.method} {response.url}"] if response.status >= 400 else []


@pytest.fixture
def page(new_page: NewPage, site: ServedPage) -> Page:
    """The page, opened on a desktop screen."""
    opened = new_page()
    opened.goto(site.url)
    return opened


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Shoot:
    """Keeps what a page shows, where somebody wants to look at it."""

    def keep(page: Page, name: str = "") -> None:
        if _SCREENSHOTS:
            page.screenshot(path=Path(_SCREENSHOTS) / f"{request.node.name}{name and '-'}{name}.png")

    return keep


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Run]:
    """What a function makes of a module and an argument: `run("layout", "(m, value) => …", value)`."""
    page = browser.new_page()

    def answer(route: Route) -> None:
        asset = read_page().assets.get(route.request.url.removeprefix(_ADDRESS))
        body, kind = (asset.content, asset.media_type) if asset else (b"<!doctype html>", "text/html")
        route.fulfill(body=body, content_type=kind)

    page.route("**/*", answer)
    page.goto(_ADDRESS)

    def run(module: str, function: str, argument: object = None) -> object:
        code = f"async (value) => ({function})(await import('{_ADDRESS}js/{module}.js'), value)"
        return page.evaluate(code, argument)

    yield run
    page.close()
