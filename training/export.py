"""From checkpoints to the folder that ships: weights in float16, open_clip's configuration, the tokenizer.

python -m training.export WORK encoders/mini
"""

import argparse
import json
import shutil
from pathlib import Path

import torch

from training.join import load_text_tower, logit_scale
from training.loop import read_average
from training.student import CONTEXT_LENGTH, PREPROCESS_CONFIG, model_config
from training.tokens import VOCABULARY

MOST_BYTES = 24_000_000


def export(work: Path, folder: Path) -> None:
    """Write the model's folder; what is there is replaced, but for the card.

    Raises:
        SystemExit: the folder would be larger than what may ship.
    """
    from safetensors.torch import save_file

    model, _ = load_text_tower(work)
    joined = read_average(work, "join")
    mark = "seeing.trunk."
    trunk = {key.removeprefix(mark): value for key, value in joined.items() if key.startswith(mark)}
    model.visual.trunk.load_state_dict(trunk)
    with torch.no_grad():
        model.visual.head.proj.weight.copy_(joined["head.weight"])
        model.visual.head.proj.bias.copy_(joined["head.bias"])
        model.logit_scale.fill_(logit_scale(work))
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: _half(value) for key, value in model.state_dict().items()}
    weights = folder / "open_clip_model.safetensors"
    save_file(state, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # it is made readable by its owner only, and so it would be installed
    config = {"model_cfg": model_config(VOCABULARY), "preprocess_cfg": PREPROCESS_CONFIG}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copyfile(work / "tokenizer" / name, folder / name)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder}: {size:,} bytes, context of {CONTEXT_LENGTH} tokens")
    if size > MOST_BYTES:
        raise SystemExit(f"{folder} is larger than {MOST_BYTES:,} bytes")


def _half(value: torch.Tensor) -> torch.Tensor:
    return value.contiguous().half() if value.is_floating_point() else value.contiguous()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    export(given.work, given.folder)


if __name__ == "__main__":
    main()
