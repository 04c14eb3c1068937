import json
from pathlib import Path

from training.card import digest_of
from training.export import MOST_BYTES

MINI = Path(__file__).parents[2] / "encoders" / "mini"
RESULTS = Path(__file__).parents[2] / "training" / "results" / "mini.json"


def test_the_figures_of_the_card_are_those_of_the_weights_that_ship() -> None:
    card = (MINI / "README.md").read_text(encoding="utf-8")
    assert f"`{digest_of(MINI / 'open_clip_model.safetensors')}`" in card


def test_the_results_say_what_the_card_says() -> None:
    recall = json.loads(RESULTS.read_text(encoding="utf-8"))["retrieval"]["recall"]
    row = " | ".join(f"{recall[k]['value']:.3f}" for k in ("1", "5", "10"))
    assert f"| {row} |" in (MINI / "README.md").read_text(encoding="utf-8")


def test_it_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in MINI.iterdir()) <= MOST_BYTES
