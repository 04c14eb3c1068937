"""A tiny BLIP captioner and a tiny BLIP that answers, with random weights, in folders that load as `local-dir:…`.

For every test that wants the real path through transformers. What they say means nothing, and no test may claim so;
but it is deterministic, and differs from picture to picture.

    captioner = load_captioner(make_tiny_captioner(tmp_path))
"""

import shutil
from pathlib import Path
from typing import Any

from tests.tiny_blip import MODEL_FOLDER

SIZE = 32  # pixels
_VOCABULARY = (MODEL_FOLDER / "vocab.txt").read_text().split()


def make_tiny_captioner(folder: Path, *, seed: int = 0) -> str:
    """Write a captioner below `folder`; return "local-dir:<folder>"."""
    from transformers import BlipForConditionalGeneration

    return _write(BlipForConditionalGeneration, folder, seed)


def make_tiny_answerer(folder: Path, *, seed: int = 0) -> str:
    """Write a model that answers questions below `folder`; return "local-dir:<folder>"."""
    from transformers import BlipForQuestionAnswering

    return _write(BlipForQuestionAnswering, folder, seed)


def _write(kind: Any, folder: Path, seed: int) -> str:
    import json

    import torch

    from encoders.blip.build import no_bars
    from encoders.quiet import quiet

    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with quiet(), no_bars(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(_config())
        with torch.no_grad():
            for name, value in model.named_parameters():
                if name.endswith("weight") and "Norm" not in name and "norm" not in name:
                    # As initialised, every picture would get the same words.
                    value.normal_(std=1.0 if "crossattention" in name else 0.35)
        model.eval().save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(MODEL_FOLDER / name, folder / name)
    preprocessor = json.loads((MODEL_FOLDER / "preprocessor_config.json").read_text())
    preprocessor["size"] = {"height": SIZE, "width": SIZE}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return f"local-dir:{folder}"


def _config() -> Any:
    from transformers import BlipConfig

    own = len(_VOCABULARY)
    sides = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    return BlipConfig(
        text_config={
            **sides,
            "vocab_size": own + 2,
            "bos_token_id": own,
            "sep_token_id": _VOCABULARY.index("[SEP]"),
            "eos_token_id": _VOCABULARY.index("[SEP]"),
            "pad_token_id": _VOCABULARY.index("[PAD]"),
            "max_position_embeddings": 64,
        },
        vision_config={**sides, "image_size": SIZE, "patch_size": 16, "initializer_range": 0.3},
        image_text_hidden_size=16,
    )
