"""The table against open_clip itself: names, tags, sizes, preprocessing, repositories."""

import pytest

from core.models import ModelTask
from core.settings import DEFAULT_MODEL
from encoders import BUILT_IN, CATALOGUE
from encoders.build import count_values
from encoders.catalogue import BYTES_PER_VALUE, ROWS, Row
from encoders.names import preprocess_from

PUBLISHED = [row for row in ROWS if row.spec.task is ModelTask.CLIP and not row.spec.built_in]

each_row = pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.spec.name)


@each_row
def test_row_is_what_open_clip_says(row: Row) -> None:
    import open_clip

    spec, source = row.spec, row.source
    assert (spec.architecture, spec.tag) in open_clip.list_pretrained()
    model = open_clip.get_model_config(spec.architecture)
    trained = open_clip.get_pretrained_cfg(spec.architecture, spec.tag)

    assert spec.dim == model["embed_dim"]
    assert spec.image_size == model["vision_cfg"]["image_size"]
    assert spec.context_length == model["text_cfg"].get("context_length", 77)
    assert source.preprocess == preprocess_from(trained, model["vision_cfg"]["image_size"])
    assert bool(trained.get("quick_gelu")) == bool(model.get("quick_gelu")), "open_clip would warn of a mismatch"
    assert trained["hf_hub"] == f"{source.repo}/{source.weights}"
    assert source.tokenizer_repo == model["text_cfg"].get("hf_tokenizer_name")
    assert source.text_repo == model["text_cfg"].get("hf_model_name")


@each_row
def test_download_is_four_bytes_for_every_value(row: Row) -> None:
    if row.source.text_repo:
        pytest.skip("the size of its text tower is only known from a file on the hub")
    assert row.spec.download_bytes == BYTES_PER_VALUE * count_values(row.spec.architecture)


def test_the_models_the_project_promises_are_there() -> None:
    names = [spec.name for spec in CATALOGUE]
    assert len(set(names)) == len(names)
    assert {DEFAULT_MODEL, "ViT-B-32", "RN50", "ViT-L-14", "ViT-B-16-SigLIP2"} <= set(names)
    assert names[0] == DEFAULT_MODEL
    assert [spec.name for spec in CATALOGUE if spec.built_in] == [BUILT_IN]


def test_licences_and_languages_are_said() -> None:
    by_name = {spec.name: spec for spec in CATALOGUE}
    assert by_name["ViT-B-32"].licence == "MIT"
    assert by_name["ViT-B-16-SigLIP2"].licence == "Apache-2.0"
    assert "research only" in by_name["MobileCLIP-S2"].licence
    assert by_name["ViT-B-16-SigLIP2"].languages == ("*",)
    assert by_name["ViT-B-32"].languages == ("en",)
