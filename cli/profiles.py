"""Where the time of an indexing run went, for people and as JSON: what `search index --profile` adds."""

from cli.console import emit
from cli.units import counted
from core.indexing import RunProfile, Stage

MEANING: dict[Stage, str] = {
    Stage.SCAN: "looking through folders, and what is new in them",
    Stage.READ: "reading files",
    Stage.DECODE: "decoding, and what the files say of themselves",
    Stage.TRANSFER: "starting decoders, and pixels from them",
    Stage.ENCODE: "encoding; the first batch loads the model",
    Stage.WRITE: "writing to the library",
    Stage.FINISH: "captions, the vector index, what vanished",
    Stage.WAIT_DECODE: "waiting for a decoder",
    Stage.WAIT_ENCODE: "waiting for the encoder",
    Stage.REST: "handing work around",
}
_IN_WORKERS = frozenset({Stage.READ, Stage.DECODE, Stage.TRANSFER})


def show_profile(profile: RunProfile, *, pictures: int) -> None:
    """A table on stdout: seconds on the clock, of processor time, and of that for each picture embedded."""
    emit("")
    emit(f"{'stage':<12} {'seconds':>9} {'CPU s':>9} {'CPU ms a picture':>17}")
    for one in profile.stages:
        each = f"{1000.0 * one.cpu_s / pictures:17.2f}" if pictures else f"{'–':>17}"
        starred = one.stage.value.replace("_", " ") + (" *" if one.stage in _IN_WORKERS else "")
        emit(f"{starred:<12} {one.wall_s:9.2f} {one.cpu_s:9.2f} {each}  {MEANING[one.stage]}")
    emit(f"{'whole run':<12} {profile.wall_s:9.2f} {profile.cpu_s:9.2f}")
    workers = counted(profile.workers, "decoder")
    emit(f"* seconds summed over {workers}; encode goes on beside them and beside the rest, too")


def profile_json(profile: RunProfile) -> dict[str, object]:
    """The stable shape that docs/json.md promises."""
    return {
        "stages": {
            one.stage.value: {"seconds": round(one.wall_s, 3), "cpu_seconds": round(one.cpu_s, 3)}
            for one in profile.stages
        },
        "workers": profile.workers,
        "seconds": round(profile.wall_s, 3),
        "cpu_seconds": round(profile.cpu_s, 3),
    }
