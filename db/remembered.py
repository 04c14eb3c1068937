"""An EncoderInfo as one line of JSON, and back; root options likewise."""

import json
from dataclasses import asdict

from core.indexing import RootOptions
from core.models import EncoderInfo, Preprocess


def encoder_to_json(info: EncoderInfo) -> str:
    """What the space remembers of its model."""
    return json.dumps(asdict(info), sort_keys=True)


def encoder_from_json(text: str) -> EncoderInfo:
    """The EncoderInfo that `encoder_to_json` wrote; its identity is the same."""
    fields = json.loads(text)
    preprocess = fields.pop("preprocess")
    preprocess["mean"] = tuple(preprocess["mean"])
    preprocess["std"] = tuple(preprocess["std"])
    fields["languages"] = tuple(fields["languages"])
    return EncoderInfo(preprocess=Preprocess(**preprocess), **fields)


def options_to_json(options: RootOptions) -> str:
    """What a root remembers of how it is walked."""
    return json.dumps(asdict(options), sort_keys=True)


def options_from_json(text: str) -> RootOptions:
    """The RootOptions that `options_to_json` wrote."""
    fields = json.loads(text)
    fields["exclude"] = tuple(fields["exclude"])
    return RootOptions(**fields)
