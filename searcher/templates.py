"""Prompt templates: a label is put into several sentences, and their vectors are averaged.

A bare noun is not what CLIP was trained on, and one sentence says more about itself than about the noun (Radford et al.
2021, section 3.1.4). Which sentences to use is data, kept here; encoding them is `labels`'.
"""

from collections.abc import Sequence

from core.errors import UsageError

THINGS = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)
"""The seven of the 80 ImageNet templates that their authors picked out (openai/CLIP,
notebooks/Prompt_Engineering_for_ImageNet.ipynb, MIT licence; "itap" is "I took a picture"). All 80 cost eleven times as
much and were no better here: docs/labels.md has the figures."""

PLACES = ("a photo of a {}.", "a photo of the {}.")
"""Those for SUN397's scenes (openai/CLIP, data/prompts.md, MIT licence)."""

DEEDS = (
    "a photo of a person {}.",
    "a video of a person {}.",
    "a example of a person {}.",
    "a demonstration of a person {}.",
)
"""Half of those for UCF101's actions; the other half differs in an article (openai/CLIP, data/prompts.md, MIT
licence)."""


def check_templates(templates: Sequence[str]) -> tuple[str, ...]:
    """The templates, each with one place for the label.

    Raises:
        UsageError: there is none, or one has no {} or several.
    """
    if not templates:
        raise UsageError("there is no template to put the labels into: give one, such as 'a photo of a {}.'")
    for template in templates:
        if template.count("{}") != 1:
            raise UsageError(f"a template has one {{}} where the label goes, and {template!r} has not")
    return tuple(templates)


def fill(template: str, label: str) -> str:
    """The sentence about this label; braces inside the label mean nothing."""
    return template.replace("{}", label, 1)
