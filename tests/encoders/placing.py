"""Encoders on a device and in a precision of the test's choosing, whatever the machine has."""

from encoders import ClipEncoder
from encoders.device import Placement, Precision
from encoders.names import resolve
from encoders.weights import files_of

FLOAT32 = Placement("cpu", Precision.FLOAT32, "CPU, float32")


def placed(name: str, placement: Placement) -> ClipEncoder:
    spec, source = resolve(name)
    files = files_of(name, source)
    assert files is not None
    return ClipEncoder(spec, source, files, placement=placement)
