"""The two BLIPs that write: captions of pictures, and answers to questions about one.

Beam search with the settings of BLIP's own configurations (3 beams, at most 20 new tokens for a caption, 9 for an
answer). transformers has both `generate`s; here the vision tower runs once for a picture however many beams or
questions there are, a question begins with [ENC] as in training, and its padding is not read.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import Pixels
from encoders.blip.model import BlipModel
from encoders.blip.words import Tokens, clean_caption, clean_question, tokenize
from encoders.device import multiplying
from encoders.quiet import quiet

if TYPE_CHECKING:
    import torch

BEAMS = 3
NEW_TOKENS = 20
ANSWER_TOKENS = 9  # BLIP: max_length 10, [DEC] among them
PROMPT = "a picture of"
"""What the captioners were trained to go on from; they have never learned what to begin a caption with."""

_AT_ONCE = 4  # pictures


class BlipCaptioner(BlipModel):
    """Writes captions; loads when first asked."""

    def write(self, pixels: Pixels, *, prompt: str = PROMPT) -> list[str]:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to n captions, the best by beam search.

        Args:
            pixels: of n pictures.
            prompt: what a caption goes on from; it is not part of what is given back.

        Raises:
            ValueError: another shape or type.
            ModelError: the weights are damaged.
        """
        self.check(pixels)
        written: list[str] = []
        for start in range(0, len(pixels), _AT_ONCE):
            written += self._write(self.look(pixels[start : start + _AT_ONCE]), clean_caption(prompt))
        return written

    def _write(self, seen: "torch.Tensor", prompt: str) -> list[str]:
        blip = self.rest
        read = tokenize(self.tokenizer, [prompt]).ids[:, :-1]  # the caption goes on: no [SEP]
        read[:, 0] = blip.config.text_config.bos_token_id
        with multiplying(self.placement):
            ids = _generate(blip, read.repeat(len(seen), 1).to(seen.device), seen=seen, new_tokens=NEW_TOKENS)
        return _decoded(self.tokenizer, ids[:, read.shape[1] :])


class BlipAnswerer(BlipModel):
    """Answers questions about a picture; loads when first asked."""

    def answer(self, pixels: Pixels, questions: Sequence[str]) -> list[str]:
        """Answers to n questions about one picture, uint8 (height, width, 3) RGB fitted by `info.preprocess`.

        Raises:
            ValueError: another shape or type.
            ModelError: the weights are damaged.
        """
        self.check(pixels[None])
        if not questions:
            return []
        asked = tokenize(self.tokenizer, [clean_question(question) for question in questions])
        asked = asked.starting_with(self.shape.vocabulary - 1)
        answers = [""] * len(questions)
        seen = self.look(pixels[None])
        with multiplying(self.placement):
            for rows, ids in _by_length(asked):
                for row, text in zip(rows, self._answer(ids.to(seen.device), seen), strict=True):
                    answers[row] = text
        return answers

    def _answer(self, ids: "torch.Tensor", seen: "torch.Tensor") -> list[str]:
        """To questions of one length, (n, length), about what was seen, (1, tokens, width)."""
        import torch

        blip = self.rest
        read = blip.text_encoder(input_ids=ids, encoder_hidden_states=seen.expand(len(ids), -1, -1)).last_hidden_state
        begin = torch.full((len(ids), 1), blip.config.text_config.bos_token_id, device=ids.device)
        return _decoded(self.tokenizer, _generate(blip, begin, seen=read, new_tokens=ANSWER_TOKENS))


def _by_length(tokens: Tokens) -> Iterator[tuple[list[int], "torch.Tensor"]]:
    """Texts of the same length together, without padding: which they are, and their ids.

    A text decoder of transformers reads the padding of what it looks at, whatever the mask says (5.23).
    """
    lengths = tokens.mask.sum(1).tolist()
    for length in sorted(set(lengths)):
        rows = [row for row, own in enumerate(lengths) if own == length]
        yield rows, tokens.ids[rows, :length]


def _generate(
    blip: Any,  # noqa: ANN401 - transformers ships no types
    begin: "torch.Tensor",
    *,
    seen: "torch.Tensor",
    new_tokens: int,
) -> "torch.Tensor":
    """Ids after `begin` (n, length), by beam search over what was seen (n, tokens, width)."""
    import torch

    text = blip.config.text_config
    with quiet():  # transformers warns of settings that are its own
        ids: torch.Tensor = blip.text_decoder.generate(
            input_ids=begin,
            attention_mask=torch.ones_like(begin),
            encoder_hidden_states=seen,
            encoder_attention_mask=torch.ones(seen.shape[:2], dtype=torch.long, device=seen.device),
            eos_token_id=text.sep_token_id,
            pad_token_id=text.pad_token_id,
            num_beams=BEAMS,
            do_sample=False,
            min_new_tokens=1,  # BLIP: min_length 5, the prompt among them
            max_new_tokens=new_tokens,
        )
    return ids


def _decoded(tokenizer: Any, ids: "torch.Tensor") -> list[str]:  # noqa: ANN401 - transformers ships no types
    """Ids to texts, without special tokens; [DEC] and [ENC] are not the tokenizer's, and dropped by their numbers."""
    known = len(tokenizer)
    rows = [[token for token in row if token < known] for row in np.asarray(ids.cpu()).tolist()]
    texts: list[str] = tokenizer.batch_decode(rows, skip_special_tokens=True)
    return [text.strip() for text in texts]
