"""Index jobs: the process, its words as events, its end; and the real run, with the model that is built in."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from db import open_writer
from semantic_image_search import open_library
from semantic_image_search.warm.held import Held
from tests.passing_time import until
from tests.web import job_program
from tests.web.conftest import Served, as_asked_by
from web.access.scopes import Scope
from web.app import create_app
from web.jobs.job import COMMAND
from web.jobs.jobs import Jobs
from web.jobs.wanted import Wanted
from web.parts import open_parts

JOBS = "/api/v1/jobs"
WANTED = Wanted(b"/nowhere", "auto", (b"/a \xff",), prune=True)

Working = Callable[[str], TestClient]


@pytest.fixture
def working(standing: Served, tmp_path: Path) -> Iterator[Working]:
    """The owner of a server whose jobs are this program instead: `working("crash")`."""
    with ExitStack() as ends:

        def make(what: str) -> TestClient:
            jobs = Jobs((sys.executable, job_program.__file__, what, str(tmp_path)))
            ends.callback(jobs.close)
            return TestClient(as_asked_by(Scope.OWNER, create_app(replace(standing.parts, jobs=jobs))))

        yield make


def events(client: TestClient, job: str) -> list[tuple[str, dict[str, Any]]]:
    """All that is told until the stream ends."""
    told = []
    with client.stream("GET", f"{JOBS}/{job}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for block in answer.read().decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if lines:
                told.append((lines["event"], json.loads(lines["data"])))
    return told


def test_a_run_is_told_until_it_is_done(working: Working, tmp_path: Path, standing: Served) -> None:
    client = working("done")
    started = client.post(JOBS, json={"kind": "index", "paths": [str(standing.photos)], "prune": True})
    assert started.status_code == 202
    job = started.json()["id"]
    assert started.headers["location"] == f"jobs/{job}"
    name, last = events(client, job)[-1]
    assert (name, last["state"]) == ("done", "done")
    assert last["progress"] == {"stage": "index", "done": 3, "total": 7, "skipped": 1, "note": ""}
    assert last["report"] == job_program.REPORT
    assert last["ended_at"] >= last["started_at"]
    assert client.get(f"{JOBS}/{job}").json() == last
    assert client.get(JOBS).json() == {"jobs": [last]}
    wanted = Wanted.from_json((tmp_path / "wanted.json").read_bytes())
    assert (wanted.library, wanted.paths, wanted.prune) == (
        os.fsencode(standing.library),
        (os.fsencode(standing.photos),),
        True,
    )


def test_who_heard_the_end_is_told_to_stop_asking(working: Working) -> None:
    client = working("done")
    job = client.post(JOBS, json={"kind": "index"}).json()["id"]
    events(client, job)
    with client.stream("GET", f"{JOBS}/{job}/events") as again:
        version = again.read().decode().splitlines()[0].removeprefix("id: ")
    assert client.get(f"{JOBS}/{job}/events", headers={"Last-Event-ID": version}).status_code == 204


@pytest.mark.parametrize(("what", "code"), [("crash", "crashed"), ("problem", "library_locked")])
def test_what_goes_wrong_is_the_jobs_and_not_the_servers(working: Working, what: str, code: str) -> None:
    client = working(what)
    job = client.post(JOBS, json={"kind": "index"}).json()["id"]
    name, last = events(client, job)[-1]
    assert (name, last["state"], last["problem"]["code"]) == ("problem", "failed", code)
    assert client.get("/api/v1/health").status_code == 200
    assert client.post(JOBS, json={"kind": "index"}).status_code == 202  # and the next may run


def test_one_at_a_time_and_cancelled_as_by_ctrl_c(working: Working) -> None:
    client = working("wait")
    job = client.post(JOBS, json={"kind": "index"}).json()["id"]
    second = client.post(JOBS, json={"kind": "index"})
    assert (second.status_code, second.json()["code"]) == (409, "job_running")
    until(lambda: client.get(f"{JOBS}/{job}").json()["progress"])
    assert client.get("/api/v1/status").json()["indexing"] == {"job": job}
    assert client.delete(f"{JOBS}/{job}").status_code == 202
    name, last = events(client, job)[-1]
    assert (name, last["state"], last["report"]["embedded"]) == ("done", "cancelled", 3)
    assert client.delete(f"{JOBS}/{job}").json() == last
    assert client.get("/api/v1/status").json()["indexing"] is None


def test_the_servers_end_ends_it_even_where_it_does_not_listen(tmp_path: Path) -> None:
    jobs = Jobs((sys.executable, job_program.__file__, "deaf", str(tmp_path)))
    view = jobs.start(WANTED)
    until((tmp_path / "deaf").exists)
    process = int((tmp_path / "deaf").read_text())
    jobs.find(view.id).end(wait_s=0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert jobs.find(view.id).view.problem is not None
    jobs.close()
    with pytest.raises(Exception, match="the server is ending"):
        jobs.start(WANTED)


def test_a_library_that_is_written_to_is_told_of_at_once(api: TestClient, served: Served) -> None:
    with open_writer(served.library, command="index"):
        refused = api.post(JOBS, json={"kind": "index"})
    assert (refused.status_code, refused.json()["code"]) == (409, "library_locked")
    assert "`search index`" in refused.json()["detail"]
    assert api.get(JOBS).json() == {"jobs": []}


def test_what_is_no_path_starts_nothing(standing_api: TestClient, standing: Served) -> None:
    for path in ("Photos", "", str(standing.photos / "nowhere"), "/a\0b"):
        assert standing_api.post(JOBS, json={"kind": "index", "paths": [path]}).status_code in {400, 422}, path
    assert standing_api.post(JOBS, json={"kind": "dance"}).status_code == 422
    assert standing_api.get(JOBS).json() == {"jobs": []}
    assert standing_api.get(f"{JOBS}/j_0").status_code == standing_api.delete(f"{JOBS}/j_0").status_code == 404


def test_only_the_owner_has_jobs(standing_visitor: TestClient) -> None:
    answers = [
        standing_visitor.post(JOBS, json={"kind": "index"}),
        standing_visitor.get(JOBS),
        standing_visitor.get(f"{JOBS}/x"),
        standing_visitor.get(f"{JOBS}/x/events"),
        standing_visitor.delete(f"{JOBS}/x"),
    ]
    assert {answer.status_code for answer in answers} == {403}


def test_what_is_wanted_reaches_the_process_whatever_its_paths() -> None:
    assert Wanted.from_json(WANTED.to_json()) == WANTED


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of the built-in model, with one picture, and two more that it does not know yet."""
    monkeypatch.setenv("SEARCH_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "Photos").mkdir()
    Image.new("RGB", (64, 48), (200, 0, 0)).save(tmp_path / "Photos" / "0.png")
    with open_library(tmp_path / "library", model="mini") as library:
        library.index([tmp_path / "Photos"])
    for number in (1, 2):
        Image.new("RGB", (64, 48), (0, 0, 99 * number)).save(tmp_path / "Photos" / f"{number}.png")
    (tmp_path / "Photos" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "library"


def test_the_real_run(library: Path) -> None:
    held = Held(lambda: open_library(library), idle_s=0.0)
    with open_parts(library, held) as parts, TestClient(as_asked_by(Scope.OWNER, create_app(parts))) as client:
        job = client.post(JOBS, json={"kind": "index"}).json()["id"]
        told = events(client, job)
        last = told[-1][1]
        assert last["state"] == "done", last
        report = last["report"]
        assert (report["added"], report["unchanged"], report["skipped"], report["model"]) == (2, 1, 1, "mini")
        assert report["problems"][0]["path"].endswith("broken.png")
        assert "progress" in {name for name, _ in told[:-1]}
        assert client.get("/api/v1/status").json()["counts"]["indexed"] == 3
        held.let_go()


def test_stdin_that_ends_is_a_ctrl_c(library: Path) -> None:
    """The server may be killed: then nobody is there to tell the process, but its stdin ends."""
    process = subprocess.Popen(list(COMMAND), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = process.communicate(Wanted(os.fsencode(library), "auto").to_json(), timeout=60)
    (last,) = json.loads(out.splitlines()[-1]).items()
    assert last[0] == "done"
    assert last[1] is None or last[1]["interrupted"]
    assert process.returncode == 0
