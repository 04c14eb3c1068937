"""Who gets in: foreign names, other sites' pages, other users, wrong tokens."""

import os
import subprocess

import pytest

from tests.web.attacks.conftest import Door, OpenDoor

SESSION = "/api/v1/session"
SEARCH = "/api/v1/search"
JSON = "Content-Type: application/json"
ASKED = r"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:7117"])
def test_the_owner_may_call_it_by_any_of_its_names(door: Door, host: str) -> None:
    assert door.ask(SESSION, host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5", "localhost.", "search"])
def test_a_foreign_name_is_refused_whatever_is_asked(door: Door, host: str) -> None:
    """DNS rebinding: a site's own name leads here, so for the browser it is that site."""
    for target in ("/", SESSION, "/api/v1/openapi.json", "/nothing"):
        said = door.ask(target, host=host)
        assert (said.status, said.code) == (421, "foreign_host")


@pytest.mark.parametrize("host", ["", "a b", "a@b", "[::1", "127.0.0.1:port", "127.0.0.1/x", "é"])
def test_a_host_that_is_none_is_refused(door: Door, host: str) -> None:
    said = door.raw(f"GET /api/v1/session HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1"))
    assert (said.status, said.code) in {(400, "bad_host"), (400, "bad_request")}


def test_two_hosts_or_none_are_refused(door: Door) -> None:
    assert door.ask(SESSION, "Host: evil.example").status == 400
    assert door.raw(b"GET /api/v1/session HTTP/1.1\r\n\r\n").status == 400
    assert door.raw(b"GET /api/v1/session HTTP/1.0\r\n\r\n").status == 400


@pytest.mark.parametrize(
    "headers",
    [
        ("Origin: http://evil.example",),
        ("Origin: null",),
        ("Origin: http://localhost:3000",),
        ("Sec-Fetch-Site: cross-site",),
        ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"),  # a form that was sent by itself
    ],
)
def test_another_sites_page_asks_for_nothing(door: Door, headers: tuple[str, ...]) -> None:
    for method, target in (("POST", SEARCH), ("POST", SESSION), ("GET", SESSION), ("OPTIONS", SEARCH)):
        said = door.ask(target, JSON, *headers, method=method, body=b'{"text": "red"}' if method == "POST" else b"")
        assert (said.status, said.code) == (403, "foreign_origin")
        assert "access-control-allow-origin" not in said.head


def test_a_link_on_another_site_opens_the_page(door: Door) -> None:
    assert door.ask("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate").status == 200
    assert door.ask("/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors").status == 403


def test_its_own_page_may_ask(door: Door) -> None:
    origin = f"Origin: http://127.0.0.1:{door.port}"
    said = door.ask(SEARCH, JSON, origin, "Sec-Fetch-Site: same-origin", method="POST", body=b'{"text": "red"}')
    assert said.status == 200
    assert b"red.png" in said.body


def test_what_a_proxy_forwarded_is_not_the_owners(door: Door) -> None:
    for header in ("X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 cache", "X-Real-IP: 1.2.3.4"):
        said = door.ask(SESSION, header)
        assert (said.status, said.code) == (403, "forwarded")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_of_this_machine_does_not_get_in(door: Door) -> None:
    asks = f"exec 3<>/dev/tcp/127.0.0.1/{door.port}; printf '{ASKED}' >&3; cat <&3"
    command = ["bash", "-c", asks]
    done = subprocess.run(command, user=4711, group=4711, extra_groups=[], capture_output=True, text=True, check=True)
    assert " 403 " in done.stdout
    assert '"code":"not_yours"' in done.stdout


def test_without_a_token_there_is_the_page_and_nothing_else(window: Door) -> None:
    assert window.ask("/").status == 200
    assert window.ask("/api/v1/health").status == 200
    for method, target in (
        ("GET", SESSION),
        ("POST", SEARCH),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/nothing"),
    ):
        said = window.ask(target, JSON, method=method)
        assert (said.status, said.code) == (401, "token_needed")


def test_a_token_becomes_a_session_that_may_search_and_not_more(window: Door) -> None:
    visitor = window.signed_in()
    (cookie,) = visitor.cookies.jar
    assert cookie.name == "search_session"
    assert "httponly" in window.ask(SESSION, JSON, method="POST", body=_token(window.token)).head
    assert visitor.get("/session").json()["scope"] == "search"
    assert visitor.post("/search", json={"text": "red"}).json()["hits"][0]["path"] == "Photos/red.png"
    assert window.token not in cookie.value
    assert visitor.delete("/session").status_code == 204
    visitor.cookies.set("search_session", cookie.value)  # kept by somebody
    assert visitor.get("/session").status_code == 401


@pytest.mark.parametrize("cookie", ["x", "9999999999.a.b", "9999999999.a." + "0" * 64, ".", "9" * 5000, "é"])
def test_a_made_up_cookie_is_no_session(window: Door, cookie: str) -> None:
    assert window.ask(SESSION, f"Cookie: search_session={cookie}").status == 401


def test_tokens_cannot_be_tried_for_long(open_to: OpenDoor) -> None:
    window = open_to().window
    said = [window.ask(SESSION, JSON, method="POST", body=_token(f"wrong {i}")) for i in range(12)]
    assert [one.status for one in said[:10]] == [403] * 10
    assert [one.status for one in said[10:]] == [429, 429]
    assert "retry-after: " in said[-1].head
    assert (
        window.ask(SESSION, JSON, method="POST", body=_token(window.token)).status == 429
    )  # nor is the right one told


def test_others_may_not_call_it_by_a_name_of_their_own(window: Door) -> None:
    assert window.ask("/", host="evil.example").status == 421
    assert window.ask("/", host="192.168.1.5:80").status == 200  # a container is asked for by its host's address


def test_behind_a_proxy_everybody_may_search_under_its_name_and_nobody_is_the_owner(open_to: OpenDoor) -> None:
    door = open_to(owners_at=None, keys=None, proxy="photos.example.org", base_path="/photos")
    for target in ("/api/v1/session", "/photos/api/v1/session"):  # whether or not it cuts the path off
        said = door.ask(
            target, "X-Forwarded-For: 1.2.3.4", "Origin: https://photos.example.org", host="photos.example.org"
        )
        assert said.status == 200
        assert b'"scope":"search"' in said.body
        assert b'"base_path":"/photos"' in said.body
    assert door.ask("/api/v1/session", host="evil.example").status == 421
    assert door.ask("/photos/").status == 200
    assert "location: /photos/\r\n" in door.ask("/photos").head


def _token(said: str) -> bytes:
    return f'{{"token": "{said}"}}'.encode()
