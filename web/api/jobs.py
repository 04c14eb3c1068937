"""Index runs: start one, see how far it is, be told as it goes on, cancel it. For the owner only."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from core.errors import UsageError
from core.paths import absolute, display
from db.lock import require_unlocked
from web.access.scopes import OwnerOnly
from web.api.models import NoticeTold, ProblemTold, Told, problems
from web.api.models_filters import Asked
from web.jobs.job import Job, JobState, JobView
from web.jobs.wanted import Wanted
from web.parts import Parts

LOOK_S = 0.2  # between two looks at a job that somebody listens to
QUIET_S = 15.0  # after which a line is sent that says nothing, so that nobody takes the connection for dead

_EVENTS = {JobState.DONE: "done", JobState.CANCELLED: "done", JobState.FAILED: "problem"}
_MOST_PATHS = 100


class JobAsked(Asked):
    """What to index."""

    kind: Literal["index"]
    paths: list[Annotated[str, Field(min_length=1, max_length=4_096)]] = Field(
        [], max_length=_MOST_PATHS, description="Folders or pictures, from now on remembered; none: all that are."
    )
    prune: bool = Field(False, description="Forget for good what has vanished, unplugged drives included.")


class ProgressTold(Told):
    """How far a run is."""

    stage: str = Field(description="`scan`, `index`, `finish` …")
    done: int
    total: int | None = Field(description="null: not known yet.")
    skipped: int
    note: str


class ReportTold(Told):
    """What a run did, as `search index --json` has it; the first hundred problems only."""

    added: int
    changed: int
    moved: int
    unchanged: int
    removed: int
    offline: int
    skipped: int
    ignored: int
    embedded: int
    captions: int
    seconds: float
    interrupted: bool
    model: str | None
    problems: list[dict[str, str]]
    notices: list[str]
    notice_details: list[NoticeTold] = Field(description="The same, for programs and other languages.")


class JobTold(Told):
    """An index run."""

    id: str
    kind: str
    state: JobState = Field(description="`running`, `stopping`, `done`, `cancelled` or `failed`.")
    paths: list[str] = Field(description="What it was asked to index; none: all that was indexed before.")
    prune: bool
    started_at: str
    ended_at: str | None
    progress: ProgressTold | None
    report: ReportTold | None = Field(description="null: there is none, or not yet.")
    problem: ProblemTold | None = Field(description="Why it failed.")


class JobsTold(Told):
    """The last few, the newest first."""

    jobs: list[JobTold]


EXAMPLES = {
    "look through everything again": {"summary": "Everything that is known again", "value": {"kind": "index"}},
    "a folder": {"summary": "A folder", "value": {"kind": "index", "paths": ["/home/me/Pictures"]}},
}


def router(parts: Parts) -> APIRouter:
    """POST and GET /jobs; GET and DELETE /jobs/{id}; GET /jobs/{id}/events."""
    routes = APIRouter(tags=["jobs"], dependencies=[OwnerOnly])

    @routes.post(
        "/jobs",
        status_code=202,
        response_model=JobTold,
        responses=problems(s400="A path that is none.", s409="Somebody writes to the library already."),
    )
    def start(response: Response, asked: Annotated[JobAsked, Body(openapi_examples=EXAMPLES)]) -> dict[str, Any]:
        """Start an index run, in a process of its own; one at a time. The pictures appear while it goes on."""
        wanted = _wanted(parts, asked)
        require_unlocked(parts.library)
        view = parts.jobs.start(wanted)
        response.headers["Location"] = f"jobs/{view.id}"
        return _told(view)

    @routes.get("/jobs", response_model=JobsTold)
    def jobs() -> dict[str, Any]:
        """The runs that this server started, the newest first."""
        return {"jobs": [_told(view) for view in parts.jobs.views()]}

    @routes.get("/jobs/{job_id}", response_model=JobTold, responses=problems(s404="There is no such job."))
    def job(job_id: str) -> dict[str, Any]:
        """One run: how far it is, or what became of it."""
        return _told(parts.jobs.find(job_id).view)

    @routes.delete(
        "/jobs/{job_id}", status_code=202, response_model=JobTold, responses=problems(s404="There is no such job.")
    )
    def cancel(job_id: str) -> dict[str, Any]:
        """Cancel a run, as Ctrl-C would: it finishes what it has begun, and keeps it. One that has ended stays so."""
        found = parts.jobs.find(job_id)
        found.stop()
        return _told(found.view)

    @routes.get(
        "/jobs/{job_id}/events",
        response_class=StreamingResponse,
        responses={
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events."},
            204: {"description": "All was told already: whoever listens may stop asking."},
            **problems(s404="There is no such job."),
        },
    )
    def events(
        request: Request, job_id: str, last_event_id: Annotated[str | None, Header(max_length=40)] = None
    ) -> Response:
        """Server-sent events: `progress` now and then, `done` or `problem` as the last; the data is the whole job."""
        del request
        found = parts.jobs.find(job_id)
        view = found.view
        if view.ended and last_event_id == str(view.version):
            return Response(status_code=204)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(parts, found), media_type="text/event-stream", headers=headers)

    return routes


def _wanted(parts: Parts, asked: JobAsked) -> Wanted:
    with parts.held.library() as library:
        device = library.settings.device.value
    paths = tuple(_path(text) for text in asked.paths)
    return Wanted(os.fsencode(parts.library), device, paths, asked.prune)


def _path(text: str) -> bytes:
    """Raises UsageError: it is none, or nothing is there."""
    if "\0" in text or not os.path.isabs(os.path.expanduser(text)):  # noqa: PTH111, PTH117 - as `absolute` has it
        raise UsageError(f"{display(os.fsencode(text))} is no whole path: write it from / (or ~) on")
    path = absolute(text)
    if not os.path.exists(path):  # noqa: PTH110 - no error, whatever it looks like
        raise UsageError(f"{display(path)} is not there")
    return path


async def _events(parts: Parts, job: Job) -> AsyncIterator[bytes]:
    """Each state that somebody who looks now and then would see, until the last, or until the server ends."""
    told, quiet_s = -1, 0.0
    while not parts.jobs.closed:
        view = job.view
        if view.version != told:
            told, quiet_s = view.version, 0.0
            yield _event(view)
        if view.ended:
            return
        await asyncio.sleep(LOOK_S)
        quiet_s += LOOK_S
        if quiet_s >= QUIET_S:
            quiet_s = 0.0
            yield b":\n\n"


def _event(view: JobView) -> bytes:
    name = _EVENTS.get(view.state, "progress")
    return f"id: {view.version}\nevent: {name}\ndata: {json.dumps(_told(view))}\n\n".encode()


def _told(view: JobView) -> dict[str, Any]:
    return {
        "id": view.id,
        "kind": "index",
        "state": view.state.value,
        "paths": [display(path) for path in view.wanted.paths],
        "prune": view.wanted.prune,
        "started_at": view.started_at.isoformat(timespec="seconds"),
        "ended_at": None if view.ended_at is None else view.ended_at.isoformat(timespec="seconds"),
        "progress": view.progress,
        "report": view.report,
        "problem": view.problem,
    }
