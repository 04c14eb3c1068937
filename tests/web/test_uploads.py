"""Pictures that clients send to ask with."""

import io
import struct
import threading
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image
from starlette.testclient import TestClient

from core.errors import PictureProblem
from tests.web.conftest import Served
from web.access.holders import name_holder
from web.problems import Problem
from web.uploads import Bound, Holder, Upload, Uploads

UPLOADS = "/api/v1/uploads"


def picture(rgb: tuple[int, int, int] = (220, 30, 30), *, kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, rgb).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def shelf() -> Iterator[Uploads]:
    uploads = Uploads()
    yield uploads
    uploads.close()


def test_a_picture_is_taken_as_it_is_or_in_a_form(api: TestClient) -> None:
    sent = api.post(UPLOADS, content=picture(), headers={"content-type": "image/png"})
    assert sent.status_code == 201
    told = sent.json()
    assert {**told, "upload": ""} == {"upload": "", "width": 40, "height": 30, "format": "png", "expires_in_s": 900}
    form = api.post(UPLOADS, files={"other": b"x", "file": ("a.jpg", picture(kind="JPEG"), "image/jpeg")})
    assert (form.status_code, form.json()["format"]) == (201, "jpeg")
    assert form.json()["upload"] != told["upload"]

    webp = api.get(f"{UPLOADS}/{told['upload']}/thumbnail", params={"size": 128})
    with Image.open(io.BytesIO(webp.content)) as image:
        assert (image.format, image.size) == ("WEBP", (40, 30))

    assert api.delete(f"{UPLOADS}/{told['upload']}").status_code == 204
    assert api.delete(f"{UPLOADS}/{told['upload']}").status_code == 204
    gone = api.get(f"{UPLOADS}/{told['upload']}/thumbnail")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_upload")


def test_what_is_no_picture_is_refused_whatever_it_calls_itself(api: TestClient) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for content, kind, status in (
        (svg, "image/svg+xml", 415),
        (svg, "image/png", 415),
        (b"<!doctype html><script>alert(1)</script>", "image/jpeg", 415),
        (b"", "image/png", 422),
        (picture()[:60], "image/png", 422),
        (picture(), "text/html", 415),
        (b"x", "multipart/form-data", 422),
        (b"--b\r\n\r\nx", "multipart/form-data; boundary=b", 422),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            422,
        ),
    ):
        answer = api.post(UPLOADS, content=content, headers={"content-type": kind})
        assert answer.status_code == status, (content, kind, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_bomb_is_refused_before_it_is_decoded(api: TestClient) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = b"IDAT" + zlib.compress(bytes(10_000))
    chunks = (
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, rows, b"IEND")
    )
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    answer = api.post(UPLOADS, content=bomb, headers={"content-type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_the_library_can_be_asked_with_an_upload(api: TestClient, served: Served) -> None:
    name = api.post(UPLOADS, content=(served.photos / "red.png").read_bytes()).json().get("upload")
    assert name is None  # without a type of content
    sent = (served.photos / "red.png").read_bytes()
    upload = api.post(UPLOADS, content=sent, headers={"content-type": "application/octet-stream"}).json()["upload"]
    asked = served.parts.uploads.picture(upload)
    with served.parts.held.library() as library:
        by_upload = library.lookup(asked, k=3)
        by_path = library.lookup(served.photos / "red.png", k=3)
        assert [(hit.picture.path, hit.score, hit.copy) for hit in by_upload.hits] == [
            (hit.picture.path, hit.score, hit.copy) for hit in by_path.hits
        ]
        assert (
            library.search(images=[asked], k=1).hits[0].picture.path
            == served.photos.joinpath("red.png").as_posix().encode()
        )
        known = library.pictures.handed(served.id_of("red.png"))
        assert library.lookup(known, k=3).hits == by_path.hits


def test_uploads_go_when_nobody_used_them_for_a_while() -> None:
    now = [0.0]
    uploads = Uploads(kept_s=900, clock=lambda: now[0])
    try:
        kept = uploads.add(picture())
        now[0] = 800
        assert uploads.get(kept.id) is kept
        now[0] = 1600
        assert uploads.get(kept.id) is kept
        now[0] = 2501
        with pytest.raises(Problem, match="send the picture again"):
            uploads.get(kept.id)
    finally:
        uploads.close()


def test_they_go_by_themselves() -> None:
    uploads = Uploads(kept_s=0.05)
    try:
        uploads.add(picture())
        for _ in range(200):
            if not uploads._kept:
                break
            threading.Event().wait(0.05)
        assert not uploads._kept
    finally:
        uploads.close()


def test_the_one_unused_longest_goes_first() -> None:
    one = picture()
    uploads = Uploads(each=Bound(3, 10 * len(one)))
    try:
        first, second, third = (uploads.add(one) for _ in range(3))
        uploads.get(first.id)
        uploads.add(one)
        for left in (first, third):
            assert uploads.get(left.id) is left
        with pytest.raises(Problem):
            uploads.get(second.id)
    finally:
        uploads.close()


OWNER, ANN, BOB = Holder("owner"), Holder("192.168.1.2", "a"), Holder("192.168.1.3", "b")


@pytest.fixture
def crowded() -> Iterator[Uploads]:
    """Three of one session, six of all."""
    uploads = Uploads(each=Bound(3, 10_000), everybody=Bound(6, 10_000))
    yield uploads
    uploads.close()


def left_of(uploads: Uploads, sent: dict[str, Upload]) -> str:
    return "".join(name for name, one in sent.items() if one.id in uploads._kept)


def send(uploads: Uploads, *turns: tuple[str, Holder]) -> dict[str, Upload]:
    return {name: uploads.add(picture(), holder) for name, holder in turns}


def test_whoever_sends_many_pushes_out_his_own(crowded: Uploads) -> None:
    sent = send(crowded, ("1", OWNER), ("2", BOB), *((name, ANN) for name in "abcdefgh"))
    assert left_of(crowded, sent) == "12fgh"


def test_whoever_has_most_gives_when_all_have_too_much(crowded: Uploads) -> None:
    sent = send(crowded, *((name, ANN) for name in "abc"), ("1", OWNER), ("2", OWNER), ("3", BOB))
    assert left_of(crowded, sent) == "abc123"
    sent |= send(crowded, ("4", BOB))
    assert left_of(crowded, sent) == "bc1234"


def test_many_sessions_at_one_address_have_no_more_than_one_has(crowded: Uploads) -> None:
    sent = send(crowded, ("1", OWNER), ("2", OWNER), ("3", OWNER))
    sent |= send(crowded, *((name, Holder("192.168.1.9", name)) for name in "abcdefgh"))
    assert left_of(crowded, sent) == "123fgh"


def test_a_visitors_sessions_are_told_apart_and_no_cookie_is_kept() -> None:
    requests = [{"state": {}}, {"state": {}}, {"state": {}}]
    for request, cookie in zip(requests, ("one", "other", None), strict=True):
        name_holder(request, "192.168.1.2", cookie)
    one, other, none = (request["state"]["holder"] for request in requests)
    assert len({one, other, none}) == 3
    assert "one" not in repr(one)


def test_many_at_once_share_the_workers(shelf: Uploads) -> None:
    told: list[object] = []

    def send(data: bytes) -> None:
        try:
            told.append(shelf.add(data).format)
        except PictureProblem as problem:
            told.append(problem.kind.value)

    senders = [threading.Thread(target=send, args=(data,)) for data in [picture(), b"x" * 100] * 6]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(map(str, told)) == ["not_a_picture"] * 6 + ["png"] * 6
