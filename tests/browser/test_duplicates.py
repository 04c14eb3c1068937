"""The view of duplicates: what is there twice, marks, and the list that is taken away."""

import csv
import io

from playwright.sync_api import Page, expect

from benchmarks.served_page import ServedPage
from tests.browser.album import Album
from tests.browser.conftest import NewPage, Shoot


def test_groups_are_marked_and_their_list_is_taken_away(
    new_page: NewPage, site: ServedPage, album: Album, shoot: Shoot
) -> None:
    page = new_page()
    page.goto(f"{site.url}#view=duplicates")
    expect(page.get_by_role("heading", name="Duplicates")).to_be_visible()
    group = group_of(page, album.name("identical"))
    expect(group.get_by_text("2 identical files")).to_be_visible()
    expect(group.get_by_text("Keep", exact=True)).to_be_visible()
    smaller = group_of(page, album.name("smaller"))
    expect(smaller.get_by_text("Another size")).to_be_visible()
    smaller.get_by_role("button", name="Mark all but the one to keep").click()
    group.get_by_role("button", name="Mark all but the one to keep").click()
    expect(page.get_by_text("2 files marked")).to_be_visible()
    shoot(page)
    paths = taken(page, "Paths").decode().splitlines()
    assert str(album.files["smaller"]) in paths
    assert len(paths) == 2
    assert set(paths) <= {str(album.files[one]) for one in ("smaller", "identical", "Rottweiler")}
    rows = list(csv.reader(io.StringIO(taken(page, "CSV list").decode("utf-8-sig"))))
    assert len(rows) == 3
    assert all(file.exists() for file in album.files.values())


def group_of(page: Page, name: str):
    """The innermost element with both the file's name and the button that marks."""
    both = page.locator("#duplicates section, #duplicates article, #duplicates li").filter(has_text=name)
    return both.filter(has=page.get_by_role("button", name="Mark all but the one to keep")).last


def taken(page: Page, button: str) -> bytes:
    with page.expect_download() as coming:
        page.get_by_role("button", name=button).or_(page.get_by_role("link", name=button)).first.click()
    return coming.value.path().read_bytes()
