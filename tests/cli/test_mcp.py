"""`search mcp` as agents start it: the real program, the SDK's client, stdin and stdout."""

import base64
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, ImageContent
from PIL import Image

from semantic_image_search import open_library
from tests.conftest import PROJECT

SECRET = "a violet elephant"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two pictures, indexed with the model that is built in."""
    (tmp_path / "pictures").mkdir()
    for colour in ("red", "blue"):
        Image.new("RGB", (600, 400), colour).save(tmp_path / "pictures" / f"{colour}.png")
    with open_library(tmp_path / "library", model="mini", device="cpu") as made:
        assert made.index([tmp_path / "pictures"]).added == 2
    return tmp_path / "library"


def command(library: Path) -> list[str]:
    return [sys.executable, "-m", "cli", "mcp", "--library", str(library), "--device", "cpu"]


def test_the_sdks_client_searches_and_looks(library: Path, tmp_path: Path) -> None:
    program, *arguments = command(library)
    told = tmp_path / "stderr"

    async def ask() -> None:
        with told.open("w") as errors:
            server = StdioServerParameters(command=program, args=arguments, env={**os.environ}, cwd=str(PROJECT))
            async with Client(stdio_client(server, errlog=errors)) as client:
                assert {tool.name for tool in (await client.list_tools()).tools} == {
                    *("search", "lookup", "describe", "read_image")
                }
                found = await client.call_tool("search", {"text": "something red", "k": 1})
                hit = _told(found)["hits"][0]
                assert Path(hit["path"]).name == "red.png"
                shown = await client.call_tool("read_image", {"image_id": hit["image_id"], "side": 256})
                assert (_told(shown)["shown_width"], _told(shown)["shown_height"]) == (256, 171)
                picture = shown.content[0]
                assert isinstance(picture, ImageContent)
                with Image.open(io.BytesIO(base64.b64decode(picture.data))) as image:
                    assert image.size == (256, 171)
                same = await client.call_tool("lookup", {"path": hit["path"], "k": 1})
                assert _told(same)["hits"][0]["relation"] == "identical"
                refused = await client.call_tool("search", {"text": SECRET, "nothing": SECRET})
                assert refused.is_error

    anyio.run(ask)
    assert told.read_text() == ""


def _told(answer: Any) -> dict[str, Any]:
    assert isinstance(answer, CallToolResult)
    assert answer.structured_content is not None, answer.content
    return answer.structured_content


@contextmanager
def running(library: Path) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command(library), stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=PROJECT) as process:
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str], method: str, number: int | None, **params: Any) -> None:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    assert process.stdin is not None
    process.stdin.write(json.dumps(message if number is None else {**message, "id": number}) + "\n")
    process.stdin.flush()


def greet(process: subprocess.Popen[str]) -> None:
    """As clients of last year do."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    say(process, "initialize", 1, **hello)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "search"
    say(process, "notifications/initialized", None)


def test_nothing_but_the_protocol_is_on_stdout_and_nothing_asked_on_stderr(tmp_path: Path) -> None:
    """Without a library, too: the agent is told what to do about it."""
    with running(tmp_path / "none") as process:
        greet(process)
        for number, arguments in ((2, {"text": SECRET}), (3, {SECRET: 1})):
            say(process, "tools/call", number, name="search", arguments=arguments)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        out, errors = process.communicate(timeout=30)  # stdin ends: the client has left
        assert (process.returncode, out) == (0, "")
    answers = {answer["id"]: answer["result"] for answer in map(json.loads, lines)}
    assert answers.keys() == {2, 3}
    assert "run `search index FOLDER` first" in answers[2]["content"][0]["text"]
    assert answers[3]["isError"] is True
    assert SECRET not in errors


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with running(tmp_path / "none") as process:
        greet(process)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=5)
        assert process.returncode == -signal.SIGINT
        assert (out, errors) == ("", "")
