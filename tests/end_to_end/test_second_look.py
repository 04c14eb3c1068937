"""`search query --rerank` as one types it: the built-in model finds, the tiny BLIP looks again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from tests.conftest import PROJECT
from tests.tiny_blip import MODEL_FOLDER, draw, make_pairs

PAIRS = make_pairs(seed=21, count=4)


def test_a_drawing_is_told_from_the_swapped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    scenes = [scene for pair in PAIRS for scene in pair]
    for number, scene in enumerate(scenes):
        draw(scene, seed=number).save(pictures / f"{number}.png")
    for name, value in {
        "SEARCH_LIBRARY": str(tmp_path / "library"),
        "SEARCH_CONFIG": str(tmp_path / "none"),
        "SEARCH_RERANK_BUDGET_S": "60",
        "SEARCH_RERANKER": f"local-dir:{MODEL_FOLDER}",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> str:
        """In this process, which has loaded transformers for other tests already."""
        capfd.readouterr()
        assert main(words) == 0
        out, err = capfd.readouterr()
        return out + err

    run("index", str(pictures), "--model", "mini")
    assert "8 pictures" in run("models", "precompute")
    pictures.rename(tmp_path / "away")  # all that is needed was seen
    typed = [sys.executable, "-m", "cli", "query", scenes[0].caption, "--json"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    answer = json.loads(subprocess.run(typed, capture_output=True, text=True, env=environment, check=True).stdout)
    assert (answer["reranked"], answer["reranker"]) == (8, f"local-dir:{MODEL_FOLDER}")
    best, *others = answer["hits"]
    assert best["path"] == str(pictures / "0.png")
    assert best["match"] > 0.5
    assert best["reranked"]["fused"] >= max(hit["reranked"]["fused"] for hit in others)
    matches = run("query", scenes[0].caption, "--only-matches", "--paths").splitlines()
    assert str(pictures / "0.png") in matches
    assert str(pictures / "1.png") not in matches  # the swapped one
