"""The wheel holds the packages of the architecture, the built-in model, and nothing else."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from web.page import STATIC

PACKAGES = {"core", "media", "encoders", "db", "indexer", "searcher", "semantic_image_search", "cli", "web"}
BUILT_IN = {
    f"encoders/mini/{name}"
    for name in (
        "README.md",
        "open_clip_config.json",
        "open_clip_model.safetensors",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
    )
}


def build(kind: str, out: Path) -> Path:
    """What the build backend makes of this folder: as `python -m build`, without an environment of its own."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(out)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return out / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


def test_only_the_packages_of_the_architecture(wheel_names: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_every_module_and_the_type_markers_are_in(wheel_names: list[str]) -> None:
    for package in PACKAGES:
        modules = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / package).rglob("*.py")}
        assert modules <= set(wheel_names), f"missing of {package}"
        assert f"{package}/py.typed" in wheel_names


def test_nothing_but_code_migrations_the_built_in_model_and_the_page(wheel_names: list[str]) -> None:
    odd = [n for n in wheel_names if ".dist-info/" not in n and Path(n).suffix not in {".py", ".typed", ".mako"}]
    page = {f"web/static/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*") if path.is_file()}
    assert "web/static/index.html" in page
    assert set(odd) == BUILT_IN | page | {"web/api/examples.json"}


def test_the_built_in_model_works_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Unpacked as an installer does it, away from this folder."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path)
    code = (
        "import encoders; e = encoders.load_encoder('mini'); print(encoders.__file__, e.encode_texts(['a dog']).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split(" ", 1) == [str(tmp_path / "encoders" / "__init__.py"), "(1, 256)\n"]


def test_the_source_distribution_has_it_too(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= BUILT_IN
