"""What comes out, and what is taken in: paths, files that were swapped, pictures that are none, bombs."""

import io
import json
import os
import time
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from tests.web.attacks.conftest import Door, OpenDoor, said_on
from tests.web.conftest import Served
from web.access import bodies

JSON = "Content-Type: application/json"
SCRIPT = b"<script>alert(1)</script>"
TARGETS = [
    "/../../../../etc/passwd",
    "/static/../../../../etc/passwd",
    "/static/x/../../../../../../etc/passwd",
    "/static/x/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static/x/%2e%2e/%2e%2e/app.py",
    "/static/x/..%5c..%5capp.py",
    "/static/x//etc/passwd",
    "/static/x/%00",
    "/static/x/js/app.js%00.css",
    "/static/..%252f..%252fapp.py",
    "//etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://evil.example/etc/passwd",
    "/api/v1/images/../../../../etc/passwd",
    "/api/v1/images/..%2f..%2fetc%2fpasswd/original",
    "/api/v1/images/%2fetc%2fpasswd/original",
    "/api/v1/images/1%2f..%2f..%2f2/thumbnail",
    "/api/v1/images/-1/original",
    "/api/v1/images/0x1/original",
    "/api/v1/images/99999999999999999999999/original",
    "/api/v1/images/١/original",
    "/api/v1/images?ids=1;DROP%20TABLE%20files",
    "/api/v1/uploads/..%2f..%2fetc%2fpasswd/thumbnail",
    "/api/v1/uploads/u_../thumbnail",
    "/api/v1/spaces/../../../etc/passwd",
]


@pytest.mark.parametrize("target", TARGETS)
def test_no_path_leads_out(door: Door, target: str) -> None:
    said = door.raw(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert 400 <= said.status < 500
    assert b"root:" not in said.body
    assert b"create_app" not in said.body
    assert str(door.served.library).encode() not in said.body


def swap_file(photos: Path, secret: Path) -> None:
    (photos / "red.png").unlink()
    (photos / "red.png").symlink_to(secret)


def swap_for_another(photos: Path, secret: Path) -> None:
    (photos / "red.png").unlink()
    (photos / "red.png").hardlink_to(secret)


def swap_folder(photos: Path, secret: Path) -> None:
    photos.rename(photos.with_name("was"))
    photos.symlink_to(secret.parent)


def swap_for_a_pipe(photos: Path, secret: Path) -> None:
    (photos / "red.png").unlink()
    os.mkfifo(photos / "red.png")


def swap_for_a_device(photos: Path, secret: Path) -> None:
    (photos / "red.png").unlink()
    (photos / "red.png").symlink_to("/dev/zero")


@pytest.mark.parametrize("swap", [swap_file, swap_for_another, swap_folder, swap_for_a_pipe, swap_for_a_device])
def test_what_was_swapped_in_since_indexing_never_comes_out(
    served: Served, open_to: OpenDoor, tmp_path: Path, swap: "type[object]"
) -> None:
    (tmp_path / "private").mkdir()
    secret = tmp_path / "private" / "red.png"
    Image.new("RGB", (64, 48), (1, 2, 3)).save(secret)
    red = served.id_of("red.png")
    (served.photos / "in" / "red too.png").unlink()  # its copy would do as well
    owner = open_to(served).client()
    swap(served.photos, secret)
    for what in ("original", "original?location=remove", "original?download=1", "rendition", "thumbnail"):
        said = owner.get(f"/images/{red}/{what}")
        assert said.status_code in {404, 409}, what
        assert said.headers["content-type"] == "application/problem+json"


def dressed() -> dict[str, bytes]:
    """What a browser would run, if it took it for what it is."""
    return {
        "an SVG": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "a page": b"<!doctype html>" + SCRIPT,
        "a page that begins as a GIF": b"GIF89a/*" + SCRIPT + b"*/=1;",
        "a page that begins as a JPEG": b"\xff\xd8\xff\xe0" + SCRIPT,
        "a script of ImageMagick's": b"push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 'url(file:///etc/passwd)'",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\n",
        "nothing": b"",
    }


@pytest.mark.parametrize("name", dressed())
@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml", "application/octet-stream"])
def test_what_is_dressed_as_a_picture_is_refused(door: Door, name: str, kind: str) -> None:
    said = door.client().post("/uploads", content=dressed()[name], headers={"content-type": kind})
    assert said.status_code in {415, 422}
    assert b"script" not in said.content


def test_a_picture_that_holds_a_page_comes_out_as_a_picture(served: Served, open_to: OpenDoor) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", SCRIPT.decode())
    file = served.photos / "page.html.png"
    Image.new("RGB", (64, 48), (9, 9, 9)).save(file, pnginfo=told)
    with served.open() as library:
        library.index([served.photos])
    client = open_to(served).client()
    kept = client.post("/uploads", content=file.read_bytes(), headers={"content-type": "text/html"})
    if kept.status_code == 201:
        assert SCRIPT not in client.get(f"/uploads/{kept.json()['upload']}/thumbnail").content
    said = client.get(f"/images/{served.id_of('page.html.png')}/original")
    assert SCRIPT in said.content  # the owner's file, byte for byte
    assert said.headers["content-type"] == "image/png"
    assert said.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in said.headers["content-security-policy"]
    assert "default-src 'none'" in said.headers["content-security-policy"]


def test_every_answer_is_strict(door: Door) -> None:
    client = door.client()
    page = client.get(f"http://127.0.0.1:{door.port}/")
    policy = dict(one.strip().split(" ", 1) for one in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert b"<style" not in page.content
    for said in (page, client.get("/session"), client.get("/nothing"), client.post("/search", json={"k": "x"})):
        assert said.headers["x-content-type-options"] == "nosniff"
        assert said.headers["referrer-policy"] == "no-referrer"
        assert said.headers["x-frame-options"] == "DENY"
        assert said.headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in said.headers["content-security-policy"]
        assert said.headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in said.headers
    assert "cross-origin-opener-policy" not in door.window.client().get("/health").headers  # browsers would complain


def test_a_bomb_is_refused_and_the_server_goes_on(door: Door) -> None:
    flat = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(flat, "PNG")  # 400 megapixels in 50 kB
    client, started = door.client(), time.monotonic()
    said = client.post("/uploads", content=flat.getvalue(), headers={"content-type": "image/png"})
    assert said.status_code == 413
    assert time.monotonic() - started < 5
    assert client.get("/health").status_code == 200


def test_a_slow_upload_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_S", 0.2)
    line = door.connect()
    line.sendall(
        b"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999\r\n\r\n\x89PNG"
    )
    said = said_on(line)
    assert (said.status, said.code) == (408, "too_slow")


@pytest.mark.parametrize("form", [b"--x\rabc", b"--x\r\nA{B: c\r\n\r\n", b"--x\r\n\r\n", b"--y--", b"\xff" * 500])
def test_a_broken_form_is_refused_without_a_word_on_the_terminal(
    door: Door, form: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    said = door.ask("/api/v1/uploads", "Content-Type: multipart/form-data; boundary=x", method="POST", body=form)
    assert said.status in {400, 415, 422}
    assert caplog.records == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"text": ' + b"[" * 100_000,
        b'{"k": ' + b"9" * 100_000 + b"}",
        b'{"k": 1e999}',
        b'{"text": "\\ud800"}',
        b'{"text": "\\u0000"}',
        b'{"text": "' + "\u202e".encode() * 20_000 + b'"}',
        b'{"text": "red", "text": ["blue"]}',
        b'{"not_texts": [' + b'"a",' * 50_000 + b'"a"]}',
        b'{"images": [' + b"1," * 50_000 + b"1]}",
        b"\xff\xfe{",
        b"\x1f\x8b\x08\x00",
        b'{"__proto__": {"scope": "owner"}, "scope": "owner"}',
    ],
)
def test_a_question_that_is_a_bomb_is_refused(door: Door, body: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    said = door.ask("/api/v1/search", JSON, method="POST", body=body)
    assert said.status in {200, 400, 422}
    assert len(said.body) < 20_000
    json.loads(said.body)
    assert capfd.readouterr().err == ""
