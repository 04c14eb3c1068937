"""The pictures' own files over HTTP: whole, in parts, and never another file's bytes."""

import io
import os

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.web.conftest import Served


@pytest.fixture
def path(served: Served) -> str:
    return f"/api/v1/images/{served.id_of('blue.png')}/original"


def test_a_file_comes_byte_for_byte(api: TestClient, served: Served, path: str) -> None:
    whole = (served.photos / "blue.png").read_bytes()
    shown = api.get(path)
    assert (shown.content, shown.headers["content-type"]) == (whole, "image/png")
    assert shown.headers["content-disposition"] == "inline; filename=\"blue.png\"; filename*=UTF-8''blue.png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert api.get(path, params={"download": 1}).headers["content-disposition"].startswith("attachment;")
    again = api.get(path, headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_is_what_was_asked_for(api: TestClient, served: Served, path: str) -> None:
    whole = (served.photos / "blue.png").read_bytes()
    size = len(whole)
    etag = api.get(path).headers["etag"]
    for said, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=10-", 10, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=5-{size + 100}", 5, size),
        (f"bytes=-{size + 100}", 0, size),
    ):
        part = api.get(path, headers={"range": said, "if-range": etag})
        assert (part.status_code, part.content) == (206, whole[start:end]), said
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    for said in ("bytes=0-1,3-4", "bytes=-", "bytes=9-3", "lines=1-2", "bytes=x"):
        assert (api.get(path, headers={"range": said}).status_code) == 200, said
    assert api.get(path, headers={"range": "bytes=0-1", "if-range": '"older"'}).content == whole
    for said in (f"bytes={size}-", "bytes=-0"):
        none = api.get(path, headers={"range": said})
        assert (none.status_code, none.headers["content-range"]) == (416, f"bytes */{size}")


def test_what_took_its_place_is_never_handed_out(api: TestClient, served: Served, path: str) -> None:
    secret, photo = served.photos.parent / "secret", served.photos / "blue.png"
    whole, times = photo.read_bytes(), photo.stat()
    secret.write_bytes(b"S" * len(whole))
    os.utime(secret, ns=(times.st_atime_ns, times.st_mtime_ns))  # as long and as old as the picture
    assert api.get(path).content == whole
    photo.unlink()
    photo.symlink_to(secret)
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since_indexed")
    for link in (os.devnull, "/proc/self/environ", served.photos):
        photo.unlink()
        photo.symlink_to(link)
        assert api.get(path).status_code in {404, 409, 422}, link
    photo.unlink()
    os.mkfifo(photo)
    assert api.get(path).status_code == 422
    photo.unlink()
    assert (api.get(path).status_code, api.get(path).json()["code"]) == (404, "out_of_reach")


def test_a_link_to_the_same_picture_is_followed(api: TestClient, served: Served, path: str) -> None:
    photo, elsewhere = served.photos / "blue.png", served.photos.parent / "elsewhere.png"
    whole = photo.read_bytes()
    photo.rename(elsewhere)
    photo.symlink_to(elsewhere)
    assert api.get(path).content == whole


def test_a_name_can_break_nothing(api: TestClient, served: Served) -> None:
    name = 'a"b\\c\r\nX: 1 é%41.png'
    (served.photos / "blue.png").rename(served.photos / name)
    with served.open() as library:
        library.index()
    answer = api.get(f"/api/v1/images/{served.id_of(name)}/original")
    said = answer.headers["content-disposition"]
    assert said.startswith('inline; filename="a_b_c')
    assert "x" not in answer.headers
    assert said.isascii()
    assert "\n" not in said
    assert "%C3%A9" in said


def test_a_file_can_be_had_without_its_place(api: TestClient, served: Served) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 21.0, 6.0)})
    for name in ("here.jpg", "here.jp2"):
        Image.new("RGB", (64, 48), (1, 2, 3)).save(served.photos / name, exif=exif)
    with served.open() as library:
        library.index()
    path = f"/api/v1/images/{served.id_of('here.jpg')}/original"
    assert api.get(path).content == (served.photos / "here.jpg").read_bytes()
    there, gone = api.get(path), api.get(path, params={"location": "remove", "download": 1})
    with Image.open(io.BytesIO(there.content)) as before, Image.open(io.BytesIO(gone.content)) as after:
        assert before.getexif().get_ifd(0x8825)
        assert not after.getexif().get_ifd(0x8825)
        assert before.tobytes() == after.tobytes()
    assert gone.headers["content-disposition"].startswith('attachment; filename="here.jpg"')

    drawn = api.get(f"/api/v1/images/{served.id_of('here.jp2')}/original", params={"location": "remove"})
    assert (drawn.headers["content-type"], drawn.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert 'filename="here.jpg"' in drawn.headers["content-disposition"]
