"""The page's own files: how they are handed out, and that what they name is there."""

import gzip
import re

import pytest
from starlette.testclient import TestClient

from web.page import STATIC, TYPES, read_page

SCRIPTS = sorted((STATIC / "js").glob("*.js"))


def test_the_html_is_asked_for_anew_and_its_files_are_kept_for_ever(visitor: TestClient) -> None:
    html = visitor.get("/")
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert html.headers["cache-control"] == "no-cache"
    [script] = re.findall(r'type="module" src="([^"]+)"', html.text)
    code = visitor.get(f"/{script}")
    assert code.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in code.headers["cache-control"]
    assert code.content == (STATIC / "js/app.js").read_bytes()


def test_who_has_a_file_is_not_sent_it_again(visitor: TestClient) -> None:
    first = visitor.get("/")
    again = visitor.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert visitor.get("/", headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_client_without_gzip_gets_the_same_bytes(visitor: TestClient) -> None:
    path = f"/static/{read_page().digest}/css/base.css"
    packed = visitor.get(path)
    plain = visitor.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert len(gzip.compress(plain.content)) < len(plain.content) / 2


@pytest.mark.parametrize(
    "path", ["js/none.js", "../page.py", "..%2Fpage.py", "js/../../page.py", "%2Fetc%2Fpasswd", "index.html", ""]
)
def test_nothing_else_is_handed_out(visitor: TestClient, path: str) -> None:
    assert visitor.get(f"/static/{read_page().digest}/{path}").status_code == 404


def test_another_version_has_another_address_and_an_old_one_is_not_kept(visitor: TestClient) -> None:
    old = visitor.get("/static/0000000000000000/js/app.js")
    assert old.headers["cache-control"] == "no-cache"


def test_every_file_that_is_named_is_there() -> None:
    page = read_page()
    named = re.findall(r'(?:href|src)="static/[0-9a-f]+/([^"]+)"', page.index.content.decode())
    assert len(named) > len(SCRIPTS)
    assert [name for name in named if name not in page.assets] == []
    for script in SCRIPTS:
        for module in re.findall(r'^(?:import|export) [^;]*?from "\./([^"]+)";', script.read_text(), re.MULTILINE):
            assert f"js/{module}" in page.assets, f"{script.name} imports {module}"


def test_every_file_has_a_type_and_no_script_or_style_stands_in_the_html() -> None:
    assert {path.suffix for path in STATIC.rglob("*") if path.is_file()} <= set(TYPES)
    html = (STATIC / "index.html").read_text()
    assert re.findall(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", html) == []


def test_no_address_leads_out_of_the_machine() -> None:
    """The page works offline: no script, style or picture from elsewhere."""
    known = {"http://www.w3.org/2000/svg"}
    for path in STATIC.rglob("*"):
        if path.suffix in {".js", ".css", ".html", ".svg"}:
            found = set(re.findall(r"""(?:https?:)?//[a-z][\w.-]+\.[a-z]{2,}[\w./-]*""", path.read_text()))
            assert found <= known | {"http:" + name for name in known}, path.name
