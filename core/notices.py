"""What people should know beside an answer or a report: a line of English, with a stable code, and what was filled in.

A `Notice` is that line, so whoever prints it needs to know nothing more; whoever speaks another language finds its own
words by the code.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

Values = Mapping[str, str]

NOTICES: Mapping[str, str] = MappingProxyType({
    # of an answer
    "text_cut": "the text is too long for {model}, and this part was not read: {part}",
    "language_unread": (
        "the query looks like {language}, which {model} was not trained to read (it reads {reads}): hits may be "
        "arbitrary; `search models list` shows multilingual models"
    ),
    "no_such_words": "no caption, tag or name has any of these words",
    "words_damaged": "the index of words is damaged, and nothing is found by words: `search doctor --fix` mends it",
    "words_not_indexed": "words cannot be searched yet: run `search index`",
    "words_not_here": (
        "words cannot be searched: this Python's SQLite ({version}) lacks FTS5's trigrams, 3.34 or later has them"
    ),
    "nothing_passes": "no indexed picture passes the filters",
    "index_bypassed": "{why}: searched exactly instead, which is slower; `search index` mends that",
    # why no reranker looked, or how far it is to be trusted
    "rerank_language": "the query looks like {language}, and {model} reads {reads}",
    "rerank_doubt": "the query looks like {language}, and {model} reads {reads}: its order and match may be arbitrary",
    "rerank_slow": (
        "{model} has not seen these pictures yet, and looking at {count} takes too long here: `search models "
        "precompute` shows it all pictures once"
    ),
    "rerank_unreadable": "none of the files of the {count} best can be opened just now",
    "rerank_missed": "{missed} of the {count} best could not be opened, and stand below the reranked",
    "rerank_text_mode": "text mode goes without models",
    "rerank_mixed": "the query is not words alone, and a reranker would read only those",
    "rerank_switched_off": "the setting rerank_budget_s is 0",
    "rerank_weights_missing": "the weights of {model} are not on this machine: `search models pull {model}`",
    "rerank_failed": "{why}",
    # of an index run
    "root_offline": "{path} is offline ({why}): its pictures stay findable; --prune removes what was not found",
    "root_pruned": "{path} is offline ({why}); what was not found was removed, as --prune asks",
    "pictures_left_out": "{path}: {count} left out now (by a pattern or a folder's name), and so hidden",
    "path_left_out": "{path} is left out: hidden, derived, or excluded by a pattern",
    "online_only": "{path} is online only and was not looked at",
    "bad_pattern": "{path}: {pattern} is not a pattern and was passed over",
    "not_looked_into": "{path} could not be looked into: what is known of it stays as it is",
    "model_built_in": (
        "{built_in}, the small built-in model, is used, as {model} is not on this machine: {command} changes that "
        "({megabytes} MB to download)"
    ),
    "model_not_to_be_had": (
        "{why}; until then {built_in}, the small built-in model, is used, and {command} changes that"
    ),
    "no_match": "hits come without a match until {model} can be used: {why}",
})  # fmt: skip
"""What each says, by its code; what is in braces is filled in. Codes stay what they are."""


class Notice(str):
    """A line for people.

    Attributes:
        code: one of NOTICES.
        values: what was filled in, by name.
    """

    __slots__ = ("code", "values")

    code: str
    values: Values

    def __new__(cls, line: str, code: str, values: Values) -> Self:
        """The line as it is shown; `notice` makes it of a code."""
        made = super().__new__(cls, line)
        made.code, made.values = code, MappingProxyType(dict(values))
        return made

    def __reduce__(self) -> tuple[type["Notice"], tuple[str, str, dict[str, str]]]:
        """For copies (`dataclasses.asdict` makes some) and other processes."""
        return Notice, (str(self), self.code, dict(self.values))

    def behind(self, words: str) -> "Notice":
        """The same, behind these words."""
        return Notice(words + self, self.code, self.values)


def notice(code: str, **values: object) -> Notice:
    """The notice of this code; numbers as people write them."""
    told = {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()}
    return Notice(NOTICES[code].format(**told), code, told)


def details(line: str) -> dict[str, object]:
    """A line as JSON: `code` is null where it has none."""
    if not isinstance(line, Notice):
        return {"code": None, "text": line, "values": {}}
    return {"code": line.code, "text": str(line), "values": dict(line.values)}
