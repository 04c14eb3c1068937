"""The tools for agents, asked through the SDK's client in this process."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, ImageContent, TextContent, Tool
from PIL import Image

from semantic_image_search import open_library
from semantic_image_search.warm.held import Held
from tests.fakes import FakeEncoder
from tests.web.conftest import coloured
from web.agents.allowed import Allowed
from web.agents.serving import make_server
from web.agents.tools import Tools

Call = Callable[..., CallToolResult]


@dataclass(frozen=True)
class Served:
    """A library behind the tools."""

    photos: Path
    library: Path
    held: Held

    def id_of(self, name: str) -> int:
        with self.held.library() as library:
            return int(library.lookup(self.photos / name, k=1).hits[0].picture.image_id)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A picture of every colour, and "in/red too.png", the same file as "red.png"."""
    folder = tmp_path_factory.mktemp("agents")
    photos = folder / "Photos"
    (photos / "in").mkdir(parents=True)
    for name, colour in coloured().items():
        Image.new("RGB", (64, 48), colour).save(photos / name)
    with open_library(folder / "library", model=FakeEncoder()) as library:
        assert library.index([photos]).added == 7
    held = Held(lambda: open_library(folder / "library", model=FakeEncoder()), idle_s=0.0)
    yield Served(photos, folder / "library", held)
    held.let_go()


@pytest.fixture(scope="module")
def elsewhere(served: Served) -> Path:
    """Pictures that the library does not know: one in a folder that was allowed, one in a folder that was not."""
    for folder, colour in (("allowed", (220, 30, 30)), ("private", (30, 60, 220))):
        (served.library.parent / folder).mkdir()
        Image.new("RGB", (32, 24), colour).save(served.library.parent / folder / "it.png")
    return served.library.parent


@pytest.fixture(scope="module")
def call(served: Served, elsewhere: Path) -> Call:
    server = make_server(Tools(served.held, Allowed((bytes(elsewhere / "allowed"),))))

    def ask(name: str, **arguments: Any) -> CallToolResult:
        async def run() -> CallToolResult:
            async with Client(server) as client:
                answer = await client.call_tool(name, arguments)
                assert isinstance(answer, CallToolResult)
                return answer

        return anyio.run(run)

    return ask


def told(answer: CallToolResult) -> dict[str, Any]:
    """The structured answer, which its text repeats."""
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


def refusal(answer: CallToolResult) -> str:
    assert answer.is_error
    (said,) = answer.content
    assert isinstance(said, TextContent)
    return said.text


def names(answer: CallToolResult) -> list[str]:
    return [Path(hit["path"]).name for hit in told(answer)["hits"]]


def listed(served: Served) -> list[Tool]:
    async def run() -> list[Tool]:
        async with Client(make_server(Tools(served.held, Allowed()))) as client:
            return (await client.list_tools()).tools

    return anyio.run(run)


def test_four_tools_that_only_look(served: Served) -> None:
    tools = {tool.name: tool for tool in listed(served)}
    assert set(tools) == {"search", "lookup", "describe", "read_image"}
    for tool in tools.values():
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
        assert tool.output_schema is not None
        assert tool.input_schema["additionalProperties"] is False
        assert len(tool.description or "") > 40


def test_words_find_pictures(call: Call, served: Served) -> None:
    answer = call("search", text="red", k=2)
    first = told(answer)["hits"][0]
    assert first["path"] == str(served.photos / "red.png")
    assert (first["width"], first["height"], first["alike"]) == (64, 48, 1)
    assert first["image_id"] == served.id_of("red.png")
    assert told(answer)["searched"] == 6
    (text,) = answer.content
    assert isinstance(text, TextContent)
    assert '"red.png"' not in text.text  # whole paths
    assert str(served.photos / "red.png") in text.text


def test_pictures_like_one_and_unlike_another(call: Call, served: Served) -> None:
    assert names(call("search", like=[served.id_of("blue.png")], k=1)) == ["blue.png"]
    both = names(call("search", text="red", unlike=[served.id_of("red.png")], k=6))
    assert both[0] != "red.png"


def test_filters_narrow_the_search(call: Call, served: Served) -> None:
    inside = call("search", text="blue", where={"folders": [str(served.photos / "in")]})
    assert names(inside) == ["red too.png"]
    assert names(call("search", text="blue", where={"orientation": "portrait"})) == []
    assert names(call("search", text="blue", k=2, offset=1)) == names(call("search", text="blue", k=3))[1:]


def test_what_it_does_not_understand_is_refused_not_passed_over(call: Call) -> None:
    for arguments, said in (
        ({"text": "red", "folders": ["/photos"]}, "folders"),
        ({"text": "red", "where": {"folder": "/photos"}}, "folder"),
        ({"text": "red", "where": {"date": "soon"}}, "'soon' is no date"),
        ({"text": "red", "k": 51}, "less than or equal to 50"),
        ({"like": [999]}, "999"),
        ({}, "the query is empty"),
    ):
        assert said in refusal(call("search", **arguments))


def test_a_lookup_says_how_pictures_are_related(call: Call, served: Served, elsewhere: Path) -> None:
    known = told(call("lookup", image_id=served.id_of("red.png"), k=1))["hits"]
    assert [(hit["path"], hit["relation"]) for hit in known] == [(str(served.photos / "red.png"), "identical")]
    by_path = told(call("lookup", path=str(served.photos / "blue.png"), k=1))["hits"]
    assert (by_path[0]["relation"], by_path[0]["image_id"]) == ("identical", served.id_of("blue.png"))
    brought = told(call("lookup", path=str(elsewhere / "allowed" / "it.png"), k=1))["hits"]
    assert (brought[0]["relation"], brought[0]["image_id"]) == ("resized", served.id_of("red.png"))


def test_no_file_is_read_that_nobody_allowed(call: Call, served: Served, elsewhere: Path) -> None:
    link = served.photos / "link.png"
    link.symlink_to(elsewhere / "private" / "it.png")
    outside = [
        *(elsewhere / "private" / "it.png", elsewhere / "allowed" / ".." / "private" / "it.png", link),
        *(elsewhere / "private" / "not there.png", Path("/etc/passwd"), elsewhere / "allowed-not" / "it.png"),
    ]
    for path in outside:
        for tool in ("lookup", "describe"):
            said = refusal(call(tool, path=str(path)))
            assert "is in no folder of the library" in said  # also of what is not there: nothing is told of it
    assert "there is no file" in refusal(call("lookup", path=str(served.photos / "gone.png")))
    assert "one picture" in refusal(call("lookup"))
    assert "one picture" in refusal(call("lookup", image_id=1, path=str(served.photos / "red.png")))


def test_texts_for_a_picture(call: Call, served: Served) -> None:
    with open_library(served.library, model=FakeEncoder()) as library:
        captions = served.photos / "captions.csv"
        captions.write_text(f"path,caption\n{served.photos / 'red.png'},a red wall\n")
        assert library.captions.import_file(captions).added == 1
        library.index()
    (own, *_) = told(call("describe", image_id=served.id_of("red.png")))["descriptions"]
    assert (own["text"], own["origin"]) == ("a red wall", "own")


def test_a_picture_is_shown_small_and_without_metadata(call: Call, served: Served) -> None:
    answer = call("read_image", image_id=served.id_of("blue.png"), side=256)
    shown, text = answer.content
    assert isinstance(shown, ImageContent)
    assert isinstance(text, TextContent)
    assert shown.mime_type == "image/webp"
    with Image.open(io.BytesIO(base64.b64decode(shown.data))) as image:
        assert (image.format, image.size) == ("WEBP", (64, 48))
        red, green, blue = image.convert("RGB").getpixel((30, 20))  # type: ignore[misc]
        assert abs(red - 30) + abs(green - 60) + abs(blue - 220) < 12
        assert not {"exif", "xmp"} & set(image.info)
    assert (told(answer)["shown_width"], told(answer)["shown_height"]) == (64, 48)
    assert told(answer)["path"] == str(served.photos / "blue.png")


def test_no_picture_is_shown_but_those_of_the_library(call: Call, served: Served) -> None:
    assert "999" in refusal(call("read_image", image_id=999))
    assert "path" in refusal(call("read_image", path="/etc/passwd"))
    assert "side" in refusal(call("read_image", image_id=1, side=100_000))
    image_id = served.id_of("yellow.png")
    Image.new("RGB", (64, 48)).save(served.photos / "yellow.png")  # another picture in its place
    assert call("read_image", image_id=image_id).is_error
