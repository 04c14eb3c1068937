"""Opening a picture's folder: what is started, with what, and for whom."""

import os
import sys
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import Served

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="xdg-open is Linux's")


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a program in place of xdg-open writes what it was given."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "xdg-open"
    program.write_text(
        f'#!/bin/sh\nprintf "%s|%s" "$#" "$1" > "{tmp_path}/new" && mv "{tmp_path}/new" "{tmp_path}/opened"\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":7")
    return tmp_path / "opened"


def test_the_folder_of_a_picture_is_opened(api: TestClient, served: Served, opened: Path) -> None:
    assert api.get("/api/v1/session").json()["features"]["reveal"] is True
    assert api.post(f"/api/v1/images/{served.id_of('blue.png')}/reveal").status_code == 204
    for _ in range(250):
        if opened.exists():
            break
        time.sleep(0.02)
    assert opened.read_text() == f"1|{served.photos}"


def test_of_several_files_the_one_in_the_folder_asked_for_is_shown(
    api: TestClient, served: Served, opened: Path
) -> None:
    asked = {"folders": [str(served.photos / "in")]}
    assert api.post(f"/api/v1/images/{served.id_of('red.png')}/reveal", json=asked).status_code == 204
    for _ in range(250):
        if opened.exists():
            break
        time.sleep(0.02)
    assert opened.read_text() == f"1|{served.photos / 'in'}"


def test_visitors_open_nothing(visitor: TestClient, served: Served, opened: Path) -> None:
    said = visitor.post(f"/api/v1/images/{served.id_of('red.png')}/reveal")
    assert (said.status_code, said.json()["code"]) == (403, "owner_only")
    assert visitor.get("/api/v1/session").json()["features"]["reveal"] is False
    assert not opened.exists()


def test_what_is_gone_is_not_looked_for(api: TestClient, served: Served, opened: Path) -> None:
    blue = served.id_of("blue.png")
    (served.photos / "blue.png").unlink()
    assert api.post(f"/api/v1/images/{blue}/reveal").status_code == 404
    assert api.post("/api/v1/images/999999/reveal").status_code == 404
    assert not opened.exists()


def test_without_a_screen_it_is_not_offered(
    api: TestClient, served: Served, opened: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert api.get("/api/v1/session").json()["features"]["reveal"] is False
    assert api.post(f"/api/v1/images/{served.id_of('blue.png')}/reveal").json()["code"] == "no_file_manager"
