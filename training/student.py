"""The student: what `mini` is made of, as open_clip builds it from its configuration.

A small ResNet that looks (dense convolutions: a CPU with matrix units trains them fast, and any CPU runs them), and a
small text transformer. The same configuration goes into the shipped folder.
"""

from typing import Any

DIM = 256
# In use. It is trained on 96 and 112: somewhat larger in use is better (Touvron et al., 2019, arXiv:1906.06423).
IMAGE_SIZE = 144
CONTEXT_LENGTH = 32
TRUNK = "resnet10t"
TRUNK_WIDTH = 512
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def model_config(vocabulary: int) -> dict[str, Any]:
    """open_clip's `model_cfg`."""
    return {
        "embed_dim": DIM,
        "vision_cfg": {
            "image_size": IMAGE_SIZE,
            "timm_model_name": TRUNK,
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "timm_proj_bias": True,
        },
        "text_cfg": {
            "context_length": CONTEXT_LENGTH,
            "vocab_size": vocabulary,
            "width": 256,
            "heads": 4,
            "layers": 3,
            "hf_tokenizer_name": "tokenizer",
        },
    }


PREPROCESS_CONFIG: dict[str, Any] = {
    "size": [IMAGE_SIZE, IMAGE_SIZE],
    "mean": list(MEAN),
    "std": list(STD),
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
