"""Starting costs nothing: no model, no database, no decoder is loaded to print a help page."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from semantic_image_search import open_library
from tests.conftest import PROJECT

HEAVY = {"torch", "faiss", "sqlalchemy", "PIL", "numpy", "open_clip", "pyarrow", "rich"}

NOT_FOR_A_QUERY = {
    *("torch", "torchvision", "open_clip", "transformers", "timm"),
    *("sqlalchemy", "alembic", "pydantic", "huggingface_hub", "PIL", "pyarrow", "rich", "asyncio"),
}

DUMP = """
import atexit, json, sys
from cli.main import main
code = main({words})
print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})), file=sys.stderr)
sys.exit(code)
"""


def loaded_by(*words: str) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", DUMP.format(words=list(words))], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return done.returncode, set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "words",
    [("--help",), (), ("query", "--help"), ("models", "--help"), ("vectors", "import", "--help"), ("--version",)],
)
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    code, modules = loaded_by(*words)
    assert code == 0
    assert not modules & HEAVY


def test_a_usage_error_loads_nothing_heavy() -> None:
    code, modules = loaded_by("query", "--no-such-option")
    assert code == 2
    assert not modules & (HEAVY - {"rich"})


def test_a_query_loads_no_model_library(tmp_path: Path) -> None:
    """With the graphs made, the first query of a process runs without all that takes seconds to load."""
    (tmp_path / "pictures").mkdir()
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "pictures" / "a.png")
    with open_library(tmp_path / "library", model="mini", device="cpu") as library:
        library.index([tmp_path / "pictures"])
        library.search("a dog")
    code, modules = loaded_by("query", "a dog on the beach", "--library", str(tmp_path / "library"), "--device", "cpu")
    assert code == 0
    assert modules >= {"faiss", "numpy", "openvino"}
    assert not modules & NOT_FOR_A_QUERY


def test_help_takes_less_than_a_third_of_a_second_of_cpu() -> None:
    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    command = [sys.executable, "-m", "cli", "--help"]
    taken = []
    for _ in range(3):  # the best of three: the first may have bytecode to write
        before = cpu()
        subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
        taken.append(cpu() - before)
    assert min(taken) < 0.3


def test_no_words_is_help_and_version_is_a_line() -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", *words], cwd=PROJECT, capture_output=True, text=True, check=False
        )

    assert run().stdout == run("--help").stdout
    assert run().returncode == 0
    assert run("--version").stdout.startswith("search 0.")


@pytest.mark.parametrize(("words", "code"), [(("--version",), 0), (("query", "--no-such-option"), 2)])
def test_what_is_left_for_the_end_is_done(words: tuple[str, ...], code: int) -> None:
    """The program ends without taking itself apart; what libraries registered for the end is done all the same."""
    program = f"""
import atexit, sys
sys.argv = ["search", *{words}]
from cli import main
run = main._run
main._run = lambda words: (atexit.register(print, "done at the end"), run(words))[1]
sys.exit(main.main())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "done at the end" in done.stdout
