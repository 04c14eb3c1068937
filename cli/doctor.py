"""`search doctor`: check everything that must hold of a library, and mend what can be mended."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.console import emit, emit_json, one_line
from cli.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.records import Finding

EXAMPLES = """\
search doctor
search doctor --fix"""

Fix = Annotated[
    bool,
    typer.Option(
        "--fix",
        help="Mend what can be mended; pictures that lost their vector are embedded again by the next search index.",
    ),
]


def doctor(fix: Fix = False, as_json: options.AsJson = False, library: options.LibraryFolder = None) -> None:
    """Check the library, and mend it.

    The exit code is 1 where something is wrong (with --fix: where something could not be mended).
    """
    with context.open_library(library) as opened:
        found = opened.doctor()
        left = opened.doctor(fix=True) if fix and found else found
    if as_json:
        emit_json({"found": _as_json(found), "left": _as_json(left)})
    else:
        _show(found, left, fix=fix)
    if left:
        raise typer.Exit(1)


def _show(found: "Sequence[Finding]", left: "Sequence[Finding]", *, fix: bool) -> None:
    for finding in found:
        emit(f"{finding.code.value}: {one_line(finding.message)}")
    emit(_verdict(found, left, fix=fix))
    if fix and len(left) < len(found):
        for finding in left:
            emit(f"{finding.code.value}: {one_line(finding.message)}")


def _verdict(found: "Sequence[Finding]", left: "Sequence[Finding]", *, fix: bool) -> str:
    if not found:
        return "everything is in order"
    if fix and not left:
        return "mended; everything is in order now"
    if fix and len(left) < len(found):
        return f"{counted(len(left), 'finding')} could not be mended:"
    mendable = sum(finding.fixable for finding in left)
    if fix or not mendable:
        return f"{counted(len(found), 'finding')}, which search doctor --fix cannot mend"
    return f"{counted(len(found), 'finding')}; search doctor --fix mends {mendable}"


def _as_json(findings: "Sequence[Finding]") -> list[dict[str, object]]:
    return [{"code": one.code.value, "message": one.message, "fixable": one.fixable} for one in findings]
