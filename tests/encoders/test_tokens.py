"""The tokenizers without torch give open_clip's ids, for more than a thousand odd texts; where unsure there is none."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from transformers import GemmaTokenizer

from core.errors import ModelError
from core.models import ModelSpec
from encoders.bpe import BytePairs
from encoders.built_in import SOURCE, SPEC
from encoders.catalogue import ROWS, Row
from encoders.cleaning import CLEANERS
from encoders.sources import ModelFiles, Source
from encoders.tokens import Tokenizer, keep_tokenizer, load_tokenizer
from tests.conftest import PROJECT
from tests.encoders.odd_texts import odd_texts

TEXTS = odd_texts()
OWN = ModelFiles(weights=Path(), folder=None, tokenizer=None, text_config=None)
MINI = ModelFiles(weights=Path(), folder=SOURCE.folder, tokenizer=SOURCE.folder, text_config=None)


def row(name: str) -> Row:
    return next(row for row in ROWS if row.spec.name == name)


def assert_same(tokenizer: Tokenizer | None, reference: object, context_length: int) -> None:
    assert tokenizer is not None
    assert len(TEXTS) > 1000
    for text in TEXTS:
        tokens = tokenizer([text], context_length)
        assert tokens.dtype == np.int64
        assert tokens.tolist() == reference([text], context_length=context_length).tolist(), repr(text)  # type: ignore[operator]


@pytest.mark.parametrize("clean", CLEANERS)
def test_byte_pairs_are_open_clips(clean: str) -> None:
    from open_clip.tokenizer import SimpleTokenizer, default_bpe

    assert_same(BytePairs(Path(default_bpe()), CLEANERS[clean]), SimpleTokenizer(clean=clean), 77)


@pytest.mark.parametrize("name", ["ViT-B-32-datacomp", "ViT-B-32", "RN50", "ViT-L-14", "MobileCLIP2-S0"])
def test_models_of_the_catalogue_with_open_clips_vocabulary(name: str) -> None:
    import open_clip

    spec, source = row(name).spec, row(name).source
    tokenizer = load_tokenizer(spec, source, OWN)
    assert tokenizer is not None
    reference = open_clip.get_tokenizer(spec.architecture)
    assert tokenizer(TEXTS[:300], 77).tolist() == reference(TEXTS[:300]).tolist()


def test_the_built_in_model() -> None:
    from open_clip.tokenizer import HFTokenizer

    assert_same(load_tokenizer(SPEC, SOURCE, MINI), HFTokenizer(str(SOURCE.folder), context_length=32), 32)


@pytest.mark.parametrize("context_length", [1, 2, 3, 16, 200])
def test_other_lengths(context_length: int) -> None:
    from open_clip.tokenizer import SimpleTokenizer, default_bpe

    tokenizer = BytePairs(Path(default_bpe()), CLEANERS["lower"])
    assert tokenizer(TEXTS[:200], context_length).tolist() == SimpleTokenizer()(TEXTS[:200], context_length).tolist()


def gemma(folder: Path) -> Path:
    """A tokenizer that `transformers` builds itself, whatever its tokenizer.json says: as SigLIP 2 has it."""
    letters = {letter: 300 + at for at, letter in enumerate(sorted(set("▁abcdefghijklmnopqrstuvwxyz!é犬")))}
    vocabulary = {"<pad>": 0, "<eos>": 1, "<bos>": 2, "<unk>": 3, "<mask>": 4, "do": 5, "dog": 6, "▁b": 7}
    vocabulary |= {f"<0x{byte:02X}>": 10 + byte for byte in range(256)} | letters
    merges = [("d", "o"), ("do", "g"), ("▁", "b")]
    tokenizer = GemmaTokenizer(
        vocab=vocabulary, merges=merges, add_bos_token=False, add_eos_token=True, padding_side="right"
    )
    tokenizer.save_pretrained(folder)
    return folder


def siglip2(tokenizer: Path) -> tuple[ModelSpec, Source, ModelFiles]:
    siglip = row("ViT-B-16-SigLIP2")
    return siglip.spec, siglip.source, ModelFiles(weights=Path(), folder=None, tokenizer=tokenizer, text_config=None)


def test_what_transformers_would_change_is_read_once_it_is_kept(tmp_path: Path) -> None:
    from open_clip.tokenizer import HFTokenizer

    model, kept = siglip2(gemma(tmp_path)), tmp_path / "kept.json"
    assert load_tokenizer(*model) is None
    assert load_tokenizer(*model, kept=kept) is None, "nothing was kept yet"
    reference = HFTokenizer(str(tmp_path), context_length=64, clean="canonicalize")
    assert keep_tokenizer(reference, kept)
    assert_same(load_tokenizer(*model, kept=kept), reference, 64)


def test_open_clips_own_needs_no_keeping(tmp_path: Path) -> None:
    from open_clip.tokenizer import SimpleTokenizer

    assert not keep_tokenizer(SimpleTokenizer(), tmp_path / "kept.json")
    assert not (tmp_path / "kept.json").exists()


def mini_copy(folder: Path, **settings: object) -> ModelFiles:
    """The built-in model's tokenizer with other settings in its tokenizer_config.json."""
    for name in ("open_clip_config.json", "tokenizer.json", "special_tokens_map.json", "tokenizer_config.json"):
        (folder / name).write_bytes((SOURCE.folder / name).read_bytes())  # type: ignore[operator]
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(config | settings))
    return ModelFiles(weights=Path(), folder=folder, tokenizer=folder, text_config=None)


@pytest.mark.parametrize(
    "settings",
    [
        {"tokenizer_class": "XLMRobertaTokenizer"},
        {"add_bos_token": False},
        {"pad_token": None},
        {"mask_token": "<mask>"},
        {"padding_side": "left"},
    ],
)
def test_none_where_transformers_might_change_something(settings: dict[str, object], tmp_path: Path) -> None:
    assert load_tokenizer(SPEC, SOURCE, mini_copy(tmp_path)) is not None
    assert load_tokenizer(SPEC, SOURCE, mini_copy(tmp_path, **settings)) is None


def test_none_where_open_clip_does_what_is_not_done_here(tmp_path: Path) -> None:
    files = mini_copy(tmp_path)
    config = json.loads((tmp_path / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"strip_sep_token": True}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    assert load_tokenizer(SPEC, SOURCE, files) is None


@pytest.mark.parametrize("name", ["open_clip_config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    files = mini_copy(tmp_path)
    (tmp_path / name).write_text('{"model": ')
    with pytest.raises(ModelError, match=name):
        load_tokenizer(SPEC, SOURCE, files)


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"#version\ni n\n"), gzip.compress(b"i n\n" * 50_000)[:-900]],
    ids=["no gzip", "short", "cut off"],
)
def test_a_damaged_vocabulary_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt.gz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"vocabulary.txt.gz.*install open_clip_torch anew"):
        BytePairs(path, CLEANERS["lower"])


def test_no_model_library_is_imported() -> None:
    program = """
import sys
from pathlib import Path
from encoders.built_in import SOURCE, SPEC
from encoders.catalogue import ROWS
from encoders.sources import ModelFiles
from encoders.tokens import load_tokenizer
own = ModelFiles(weights=Path(), folder=None, tokenizer=None, text_config=None)
mini = ModelFiles(weights=Path(), folder=SOURCE.folder, tokenizer=SOURCE.folder, text_config=None)
for tokenizer in (load_tokenizer(ROWS[0].spec, ROWS[0].source, own), load_tokenizer(SPEC, SOURCE, mini)):
    tokenizer(["a dog on the beach", "ein H\\u00fcndchen"], 20)
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not {"torch", "open_clip", "transformers"} & set(done.stdout.split())
