"""The published BLIP models, as rows of the catalogue.

Sizes are those of the weights in each repository: 4 bytes for every value of the state that transformers saves
(`tests/encoders/test_blip_rows.py` counts them on the meta device). Salesforce calls the second VQA model "large" for
the captions it was trained on; its vision tower is the base one.
"""

from core.models import ModelSpec, ModelTask, Preprocess
from encoders.sources import Source

LICENCE = "BSD-3-Clause"
SIZE = 384  # pixels
CONTEXT_LENGTH = 35  # tokens, [ENC] and [SEP] among them, as in BLIP's own evaluation

DEFAULT_RERANKER = "blip-itm-base-coco"
DEFAULT_CAPTIONER = "blip-caption-base"
DEFAULT_ANSWERER = "blip-vqa-base"

_BYTES = {  # task and size of the vision tower: values in the state, times four
    (ModelTask.RERANK, "base"): 223_744_258 * 4,
    (ModelTask.RERANK, "large"): 446_128_642 * 4,
    (ModelTask.CAPTION, "base"): 247_444_600 * 4,
    (ModelTask.CAPTION, "large"): 469_763_448 * 4,
    (ModelTask.ANSWER, "base"): 384_703_096 * 4,
}


def _row(name: str, repo: str, task: ModelTask, tower: str, good_for: str) -> tuple[ModelSpec, Source]:
    spec = ModelSpec(
        name=name,
        architecture=f"blip-{tower}",
        tag="",
        dim=256,
        image_size=SIZE,
        context_length=CONTEXT_LENGTH,
        languages=("en",),
        download_bytes=_BYTES[task, tower],
        licence=LICENCE,
        good_for=good_for,
        task=task,
    )
    return spec, Source(Preprocess(SIZE, SIZE, resize="squash"), f"Salesforce/{repo}", layout="transformers")


_COCO = "trained on COCO, the best for photos of anything"
_FLICKR = "trained on Flickr30k, photos of people above all"

ROWS: tuple[tuple[ModelSpec, Source], ...] = (
    _row(DEFAULT_RERANKER, "blip-itm-base-coco", ModelTask.RERANK, "base", f"the default reranker; {_COCO}"),
    _row("blip-itm-large-coco", "blip-itm-large-coco", ModelTask.RERANK, "large", f"{_COCO}; for a GPU"),
    _row("blip-itm-base-flickr", "blip-itm-base-flickr", ModelTask.RERANK, "base", _FLICKR),
    _row("blip-itm-large-flickr", "blip-itm-large-flickr", ModelTask.RERANK, "large", f"{_FLICKR}; for a GPU"),
    _row(DEFAULT_CAPTIONER, "blip-image-captioning-base", ModelTask.CAPTION, "base", "the default captioner"),
    _row("blip-caption-large", "blip-image-captioning-large", ModelTask.CAPTION, "large", "fuller captions; for a GPU"),
    _row(DEFAULT_ANSWERER, "blip-vqa-base", ModelTask.ANSWER, "base", "the default for questions"),
    _row(
        "blip-vqa-large", "blip-vqa-capfilt-large", ModelTask.ANSWER, "base", "better answers: trained on more captions"
    ),
)
