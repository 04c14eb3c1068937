"""Texts to BLIP's token ids, cleaned as its authors clean captions and questions.

transformers' tokenizer puts [CLS] first; where text meets pictures BLIP was trained with [ENC] there, which the
tokenizer does not know. It is the last row of the word embedding (30523 of 30,524; [DEC] is the one before).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from encoders.blip.rows import CONTEXT_LENGTH
from encoders.quiet import quiet

if TYPE_CHECKING:
    import torch

_SIGNS = re.compile(r"[.!\"()*#:;~]")
_SPACES = re.compile(r"\s{2,}")
_MAX_WORDS = 30  # of a caption, in BLIP's retrieval sets
_MAX_QUESTION_WORDS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """N texts as the text tower reads them.

    Attributes:
        ids: int64 (n, length), [CLS] first, padded to the longest.
        mask: int64 (n, length), 1 for what is read, 0 for padding.
    """

    ids: "torch.Tensor"
    mask: "torch.Tensor"

    def starting_with(self, token: int) -> "Tokens":
        """The same texts with another first token."""
        ids = self.ids.clone()
        ids[:, 0] = token
        return Tokens(ids, self.mask)


def clean_caption(text: str) -> str:
    """As BLIP's `pre_caption`: lower case, signs to spaces, 30 words."""
    text = _SPACES.sub(" ", _SIGNS.sub(" ", text.lower())).strip()
    return " ".join(text.split(" ")[:_MAX_WORDS])


def clean_question(text: str) -> str:
    """As BLIP's `pre_question`: lower case, signs dropped (the question mark stays), 50 words."""
    return " ".join(_SIGNS.sub("", text.lower()).strip().split(" ")[:_MAX_QUESTION_WORDS])


def read_tokenizer(folder: Path) -> Any:  # noqa: ANN401 - transformers ships no types for this
    """BLIP's tokenizer from its folder; never goes to the network.

    Raises:
        ModelError: its files are damaged, or not there.
    """
    from transformers import BertTokenizer

    try:
        with quiet():
            tokenizer = BertTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # readers of damaged files raise anything
        raise ModelError(f"the tokenizer in {folder} cannot be read ({type(error).__name__}: {error})") from error
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # transformers makes one that knows no word, and says nothing
        raise ModelError(f"the tokenizer in {folder} knows no words: its vocab.txt is missing or empty")
    return tokenizer


def tokenize(tokenizer: Any, texts: Sequence[str]) -> Tokens:  # noqa: ANN401 - as above
    """Cleaned texts to ids; what does not fit 35 tokens is cut."""
    with quiet():  # transformers remarks on every text that is cut
        read = tokenizer(
            list(texts), padding="longest", truncation=True, max_length=CONTEXT_LENGTH, return_tensors="pt"
        )
    return Tokens(read["input_ids"], read["attention_mask"])
