"""The examples of the README and of docs/python.md run as they are printed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
