"""The wheel holds the packages of the architecture and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PACKAGES = {"core", "media", "encoders", "db", "indexer", "searcher", "semantic_image_search", "cli"}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    out = tmp_path_factory.mktemp("wheel")
    # The build backend alone makes the same wheel as `python -m build`, without an environment of its own.
    code = f"import hatchling.build as b; print(b.build_wheel({str(out)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(out / done.stdout.split()[-1]) as wheel:
        return wheel.namelist()


def test_only_the_packages_of_the_architecture(wheel_names: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_every_module_and_the_type_markers_are_in(wheel_names: list[str]) -> None:
    for package in PACKAGES:
        modules = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / package).rglob("*.py")}
        assert modules <= set(wheel_names), f"missing of {package}"
        assert f"{package}/py.typed" in wheel_names


def test_nothing_but_code_and_migrations(wheel_names: list[str]) -> None:
    odd = [n for n in wheel_names if ".dist-info/" not in n and Path(n).suffix not in {".py", ".typed", ".mako"}]
    assert odd == []
