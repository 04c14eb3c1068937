"""A tiny CLIP with random weights, written to a folder that open_clip loads as `local-dir:…`.

For every test that wants the real open_clip path and no download. Both towers are real (a 2-layer ViT over
32 × 32 pixels, a 2-layer text transformer over 16 tokens), the vectors mean nothing, but they are deterministic:
the same seed gives the same file, byte for byte, and different pictures point in clearly different directions.

    name = make_tiny_clip(tmp_path)          # "local-dir:/tmp/…"
    encoder = load_encoder(name)
"""

import json
from pathlib import Path
from typing import Any

DIM = 32
IMAGE_SIZE = 32
CONTEXT_LENGTH = 16

MODEL_CFG: dict[str, Any] = {
    "embed_dim": DIM,
    "vision_cfg": {"image_size": IMAGE_SIZE, "layers": 2, "width": 64, "head_width": 16, "patch_size": 8},
    # 49,408: open_clip's own BPE tokenizer, which it takes where the config names no other one.
    "text_cfg": {"context_length": CONTEXT_LENGTH, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2},
}
PREPROCESS_CFG: dict[str, Any] = {
    "size": [IMAGE_SIZE, IMAGE_SIZE],
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def make_tiny_clip(folder: Path, *, seed: int = 0) -> str:
    """Write open_clip_config.json and open_clip_model.safetensors below `folder`; return "local-dir:<folder>".

    Args:
        folder: made if absent; what is there is overwritten.
        seed: another seed is another model (other weights, another space).
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = open_clip.CLIP(**MODEL_CFG)
        with torch.no_grad():
            # As initialised, the pixels hardly move the class token: every picture would land on the same spot.
            model.visual.conv1.weight.mul_(4.0)
            for block in (*model.visual.transformer.resblocks, *model.transformer.resblocks):
                block.attn.in_proj_weight.mul_(3.0)
                block.attn.out_proj.weight.mul_(3.0)
            model.token_embedding.weight.mul_(10.0)

    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.contiguous() for name, value in model.state_dict().items()}, folder / "open_clip_model.safetensors"
    )
    config = {"model_cfg": MODEL_CFG, "preprocess_cfg": PREPROCESS_CFG}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=1))
    return f"local-dir:{folder}"
