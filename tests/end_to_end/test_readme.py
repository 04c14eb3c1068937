"""The examples of the README and of docs/python.md run as they are printed, and its first commands are the demo."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from semantic_image_search.demo import PHOTOS
from tests.conftest import PROJECT
from tests.tiny_clip import make_tiny_clip

PAGES = ("README.md", "docs/python.md")


def examples(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (PROJECT / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page: str, test_data: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("beagle.jpg", "Siamese_cat.jpg", "alp.jpg", "catamaran.jpg"):
        shutil.copy(test_data / "photos" / name, photos)
    shutil.copy(photos / "beagle.jpg", photos / "dog.jpg")
    env = os.environ | {"SEARCH_MODEL": make_tiny_clip(tmp_path / "model"), "PYTHONPATH": str(PROJECT)}
    source = "\n".join(examples(page))
    assert "open_library" in source
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if page == "README.md":
        lines = done.stdout.splitlines()
        assert len([line for line in lines if re.match(r"-?\d\.\d{3} b'", line)]) == 4  # beagle and dog are one picture
        assert any(line.startswith("identical b'") for line in lines)


def test_the_demo_comes_first() -> None:
    readme = (PROJECT / "README.md").read_text()
    console, sh = (re.search(rf"^```{kind}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL) for kind in ("console", "sh"))
    assert console is not None
    assert console[1].startswith("$ search demo\n")
    assert sh is not None
    assert sh[1].split()[:2] == ["make", "demo"]
    assert f"its {len(PHOTOS)} photos come with scikit-image" in readme
    assert f"it copies {len(PHOTOS)} real photos" in (PROJECT / "docs" / "commands.md").read_text()


def test_make_demo_is_search_demo_or_a_folder_of_ones_own(tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make here")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / ".installed").touch()  # so that make has nothing to install

    def said(*words: str) -> str:
        command = [make, "--no-print-directory", "--dry-run", f"VENV={tmp_path / 'venv'}", "demo", *words]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.strip()

    assert said() == f"{tmp_path / 'venv' / 'bin' / 'search'} demo"
    assert f'PHOTOS="{tmp_path}" QUERY="a dog on the beach" MODEL="mini" ./demo.sh' in said(f"PHOTOS={tmp_path}")
