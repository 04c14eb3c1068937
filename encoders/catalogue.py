"""The models one can ask for by a short name, as a table: no disk, no network, no torch.

`tests/encoders/test_catalogue.py` compares every row with open_clip itself, so that a typo cannot slip by. Other
names (`arch:tag`, `hf-hub:…`, `local-dir:…`) are `encoders.names`' business.

`download_bytes` is the number of values in the model's state (built by open_clip on the meta device) times four: all
these repositories publish float32, the mirrors of OpenAI's half-precision originals too (605 MB for ViT-B-32). File
headers and tokenizer files are not counted (SigLIP 2's tokenizer is another 34 MB). The model that is built in has
nothing to fetch; `encoders.built_in` has its row, and `encoders.blip.rows` those of the second stage.
"""

from dataclasses import dataclass

from core.models import ModelSpec, Preprocess
from encoders import built_in
from encoders.blip import rows as blip
from encoders.sources import Source

BYTES_PER_VALUE = 4  # float32

# Licences as published. OpenAI's weights are MIT in openai/CLIP; the mirrors' cards on the hub say Apache-2.0.
MIT = "MIT"
APACHE = "Apache-2.0"
APPLE = "Apple AMLR (research only)"

ENGLISH = ("en",)
MOST = ("*",)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    spec: ModelSpec
    source: Source


def _clip(size: int) -> Preprocess:
    return Preprocess(height=size, width=size)


def _siglip(size: int) -> Preprocess:
    return Preprocess(height=size, width=size, resize="squash", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def _mobile(size: int) -> Preprocess:
    return Preprocess(height=size, width=size, interpolation="bilinear", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


ROWS: tuple[Row, ...] = (
    Row(
        ModelSpec(
            name="ViT-B-32-datacomp",
            architecture="ViT-B-32",
            tag="datacomp_xl_s13b_b90k",
            dim=512,
            image_size=224,
            context_length=77,
            languages=ENGLISH,
            download_bytes=151_277_313 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="the default: fast on a CPU, and better than OpenAI's of the same size",
        ),
        Source(_clip(224), "laion/CLIP-ViT-B-32-DataComp.XL-s13B-b90K"),
    ),
    Row(built_in.SPEC, built_in.SOURCE),
    Row(
        ModelSpec(
            name="ViT-B-16-datacomp",
            architecture="ViT-B-16",
            tag="datacomp_xl_s13b_b90k",
            dim=512,
            image_size=224,
            context_length=77,
            languages=ENGLISH,
            download_bytes=149_620_737 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="smaller things in the picture; about four times the work of ViT-B-32",
        ),
        Source(_clip(224), "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K"),
    ),
    Row(
        ModelSpec(
            name="ViT-L-14-datacomp",
            architecture="ViT-L-14",
            tag="datacomp_xl_s13b_b90k",
            dim=768,
            image_size=224,
            context_length=77,
            languages=ENGLISH,
            download_bytes=427_616_513 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="the best of the DataComp models, for a GPU",
        ),
        Source(_clip(224), "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K"),
    ),
    Row(
        ModelSpec(
            name="ViT-B-32",
            architecture="ViT-B-32-quickgelu",  # OpenAI trained with QuickGELU; plain "ViT-B-32" would be wrong
            tag="openai",
            dim=512,
            image_size=224,
            context_length=77,
            languages=ENGLISH,
            download_bytes=151_277_313 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="OpenAI's CLIP, the one most recorded vectors come from",
        ),
        Source(_clip(224), "timm/vit_base_patch32_clip_224.openai"),
    ),
    Row(
        ModelSpec(
            name="RN50",
            architecture="RN50-quickgelu",
            tag="openai",
            dim=1024,
            image_size=224,
            context_length=77,
            languages=ENGLISH,
            download_bytes=102_060_440 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="OpenAI's CLIP on a ResNet, the smallest of theirs",
        ),
        Source(_clip(224), "timm/resnet50_clip.openai"),
    ),
    Row(
        ModelSpec(
            name="ViT-L-14",
            architecture="ViT-L-14-quickgelu",
            tag="openai",
            dim=768,
            image_size=224,
            context_length=77,
            languages=ENGLISH,
            download_bytes=427_616_513 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="OpenAI's large CLIP, which image generators and aesthetic scores build on",
        ),
        Source(_clip(224), "timm/vit_large_patch14_clip_224.openai"),
    ),
    Row(
        ModelSpec(
            name="ViT-B-16-SigLIP2",
            architecture="ViT-B-16-SigLIP2",
            tag="webli",
            dim=768,
            image_size=224,
            context_length=64,
            languages=MOST,
            download_bytes=375_187_970 * BYTES_PER_VALUE,
            licence=APACHE,
            good_for="questions in most languages; the best of its size",
        ),
        Source(_siglip(224), "timm/ViT-B-16-SigLIP2", tokenizer_repo="timm/ViT-B-16-SigLIP2"),
    ),
    Row(
        ModelSpec(
            name="ViT-B-32-SigLIP2-256",
            architecture="ViT-B-32-SigLIP2-256",
            tag="webli",
            dim=768,
            image_size=256,
            context_length=64,
            languages=MOST,
            download_bytes=376_856_066 * BYTES_PER_VALUE,
            licence=APACHE,
            good_for="questions in most languages, fast enough for a CPU",
        ),
        Source(_siglip(256), "timm/ViT-B-32-SigLIP2-256", tokenizer_repo="timm/ViT-B-32-SigLIP2-256"),
    ),
    Row(
        ModelSpec(
            name="ViT-SO400M-14-SigLIP2",
            architecture="ViT-SO400M-14-SigLIP2",
            tag="webli",
            dim=1152,
            image_size=224,
            context_length=64,
            languages=MOST,
            download_bytes=1_135_463_602 * BYTES_PER_VALUE,
            licence=APACHE,
            good_for="questions in most languages, at the best quality; for a GPU",
        ),
        Source(_siglip(224), "timm/ViT-SO400M-14-SigLIP2", tokenizer_repo="timm/ViT-SO400M-14-SigLIP2"),
    ),
    Row(
        ModelSpec(
            name="xlm-roberta-base-ViT-B-32",
            architecture="xlm-roberta-base-ViT-B-32",
            tag="laion5b_s13b_b90k",
            dim=512,
            image_size=224,
            context_length=77,
            languages=MOST,
            download_bytes=366_121_473 * BYTES_PER_VALUE,
            licence=MIT,
            good_for="questions in about a hundred languages, as fast as ViT-B-32",
        ),
        Source(
            _clip(224),
            "laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k",
            tokenizer_repo="xlm-roberta-base",
            text_repo="xlm-roberta-base",
        ),
    ),
    Row(
        ModelSpec(
            name="MobileCLIP2-S0",
            architecture="MobileCLIP2-S0",
            tag="dfndr2b",
            dim=512,
            image_size=256,
            context_length=77,
            languages=ENGLISH,
            download_bytes=74_885_875 * BYTES_PER_VALUE,
            licence=APPLE,
            good_for="the smallest download",
        ),
        Source(_mobile(256), "timm/MobileCLIP2-S0-OpenCLIP"),
    ),
    Row(
        ModelSpec(
            name="MobileCLIP-S2",
            architecture="MobileCLIP-S2",
            tag="datacompdr",
            dim=512,
            image_size=256,
            context_length=77,
            languages=ENGLISH,
            download_bytes=99_368_037 * BYTES_PER_VALUE,
            licence=APPLE,
            good_for="ViT-B-16's quality from a third less to download",
        ),
        Source(_mobile(256), "apple/MobileCLIP-S2-OpenCLIP"),
    ),
    Row(
        ModelSpec(
            name="ViT-H-14-378-dfn5b",
            architecture="ViT-H-14-378-quickgelu",
            tag="dfn5b",
            dim=1024,
            image_size=378,
            context_length=77,
            languages=ENGLISH,
            download_bytes=986_714_881 * BYTES_PER_VALUE,
            licence=APPLE,
            good_for="the sharpest eye in English; for a large GPU",
        ),
        Source(Preprocess(height=378, width=378, resize="squash"), "apple/DFN5B-CLIP-ViT-H-14-378"),
    ),
    *(Row(spec, source) for spec, source in blip.ROWS),
)

CATALOGUE: tuple[ModelSpec, ...] = tuple(row.spec for row in ROWS)
BUILT_IN = built_in.SPEC.name
