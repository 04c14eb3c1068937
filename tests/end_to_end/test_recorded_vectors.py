"""Real CLIP vectors, recorded by others, through the public command: import, search, and the same under IVF-PQ."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cli.main import main

CLASSES = {  # CIFAR-10's name of a class, and how the recorded nouns call it
    "airplane": "a airplane",
    "automobile": "a car_(automobile)",
    "bird": "a bird",
    "cat": "a cat",
    "deer": "a deer",
    "dog": "a dog",
    "frog": "a frog",
    "horse": "a horse",
    "ship": "a boat",
    "truck": "a truck",
}


@dataclass(frozen=True)
class Recorded:
    """What was recorded, as float64 unit rows, and a folder to work in."""

    names: list[str]
    images: NDArray[np.float64]
    texts: dict[str, NDArray[np.float64]]
    scratch: Path

    def query(self, noun: str) -> Path:
        path = self.scratch / f"{noun}.npy"
        np.save(path, self.texts[noun].astype(np.float32))
        return path


def search(library: Path, *arguments: str, **environment: str) -> str:
    env = {**os.environ, "SEARCH_LIBRARY": str(library), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def recorded(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    with np.load(test_data / "clip-vectors" / "vectors.npz") as kept:
        arrays = {name: kept[name] for name in kept.files}
    images, texts = (_unit(arrays[name].astype(np.float64)) for name in ("image_vectors", "text_vectors"))
    named = dict(zip((str(text) for text in arrays["text"]), texts, strict=True))
    scratch = tmp_path_factory.mktemp("recorded")
    np.save(scratch / "v.npy", arrays["image_vectors"])
    folder = test_data / "clip-vectors" / "images"
    names = [str(name) for name in arrays["image_names"]]
    (scratch / "paths.txt").write_text("".join(f"{folder / name}\n" for name in names))
    return Recorded(names, images, named, scratch)


def import_into(recorded: Recorded, name: str, **environment: str) -> Path:
    path = recorded.scratch / name
    files = ("--vectors", str(recorded.scratch / "v.npy"), "--paths", str(recorded.scratch / "paths.txt"))
    search(path, "vectors", "import", *files, "--model", "CLIP recorded", **environment)
    return path


@pytest.fixture(scope="module")
def library(recorded: Recorded) -> Path:
    return import_into(recorded, "exact")


Hits = list[tuple[str, float]]
HitsOf = Callable[[Path, Recorded, str], Hits]


def asking(library: Path, recorded: Recorded, noun: str) -> list[str]:
    asked = ["query", "--vector", str(recorded.query(noun)), "-k", "10", "--no-group", "--json"]
    return [*asked, "--library", str(library)]


def hits_in(answer: str) -> Hits:
    return [(Path(hit["path"]).name, hit["score"]) for hit in json.loads(answer)["hits"]]


@pytest.fixture
def hits_of(capfd: pytest.CaptureFixture[str]) -> HitsOf:
    """The same command in this process: twenty programs take ten seconds to start."""

    def run(library: Path, recorded: Recorded, noun: str) -> Hits:
        capfd.readouterr()
        assert main(asking(library, recorded, noun)) == 0
        return hits_in(capfd.readouterr().out)

    return run


def test_the_program_says_what_is_said_in_this_process(recorded: Recorded, library: Path, hits_of: HitsOf) -> None:
    assert hits_in(search(library, *asking(library, recorded, "a dog"))) == hits_of(library, recorded, "a dog")


def test_ten_nouns_find_their_classes(recorded: Recorded, library: Path, hits_of: HitsOf) -> None:
    precision = []
    for class_name, noun in CLASSES.items():
        found = hits_of(library, recorded, noun)
        assert len(found) == 10
        precision.append(
            np.mean([name.startswith("cifar10_") and name.endswith(f"_{class_name}.png") for name, _ in found])
        )
        cosines = dict(zip(recorded.names, recorded.images @ recorded.texts[noun], strict=True))
        np.testing.assert_allclose([score for _, score in found], [cosines[name] for name, _ in found], atol=2e-3)
    assert np.mean(precision) >= 0.90


def test_forced_ivfpq_finds_the_same(recorded: Recorded, hits_of: HitsOf) -> None:
    library = import_into(recorded, "ivfpq", SEARCH_EXACT_BELOW="100")
    assert "IVF" in json.loads(search(library, "status", "--json"))["spaces"][0]["index"]["structure"]
    shared = []
    for noun in CLASSES.values():
        exact = {recorded.names[i] for i in np.argsort(-(recorded.images @ recorded.texts[noun]))[:10]}
        shared.append(len(exact & {name for name, _ in hits_of(library, recorded, noun)}) / 10)
    assert np.mean(shared) >= 0.99


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
