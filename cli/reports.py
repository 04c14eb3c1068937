"""What an indexing run did, for people and as JSON."""

from collections import Counter
from collections.abc import Sequence

from cli.console import emit, emit_json, say
from cli.profiles import profile_json
from cli.units import count, counted, rate, span
from core.errors import ProblemKind
from core.indexing import IndexReport, Problem
from core.paths import display, json_path

SHOWN = 3  # problems of one kind that are named at the end of a run

KIND_TEXT: dict[ProblemKind, str] = {
    ProblemKind.EMPTY: "empty",
    ProblemKind.NOT_A_PICTURE: "not a picture",
    ProblemKind.TRUNCATED: "cut short",
    ProblemKind.BROKEN: "broken",
    ProblemKind.TOO_LARGE: "too large",
    ProblemKind.DECODER_CRASHED: "crashed the decoder",
    ProblemKind.TIMEOUT: "took too long",
    ProblemKind.UNSUPPORTED: "in a format not supported here",
    ProblemKind.PERMISSION: "not permitted to be read",
    ProblemKind.IO_ERROR: "not readable at present",
    ProblemKind.VANISHED: "vanished while reading",
    ProblemKind.CHANGED_WHILE_READING: "changed while reading",
    ProblemKind.ONLINE_ONLY: "in the cloud only",
}


def show_report(report: IndexReport, *, dry_run: bool, as_json: bool, profiled: bool = False) -> None:
    """The end of a run: one JSON object on stdout, with `profile` where that was asked for, or a few lines."""
    if as_json:
        profile = {"profile": report.profile and profile_json(report.profile)} if profiled else {}
        emit_json(report_json(report) | profile)
        return
    for notice in report.notices:
        say(notice, style="yellow")
    emit(("nothing written; a run would come to: " if dry_run else "") + report_line(report))
    if not dry_run and report.embedded:
        embedded = f"{counted(report.embedded, 'picture')} embedded"
        if report.model:
            embedded += f" with {report.model}"
        emit(f"{embedded} in {span(report.seconds)}, {rate(report.pictures_per_second)} a second")
    if report.captions:
        emit(f"{counted(report.captions, 'caption')} embedded")
    show_problems_by_kind(report.problems)
    if report.interrupted:
        say("stopped; everything listed above is kept, and search index goes on from here", style="yellow")


def report_line(report: IndexReport) -> str:
    """The counts that are not zero; "nothing new" where all are."""
    parts = [
        f"{count(number)} {word}"
        for number, word in (
            (report.added, "added"),
            (report.changed, "changed"),
            (report.moved, "moved"),
            (report.unchanged, "unchanged"),
            (report.removed, "removed"),
            (report.offline, "offline"),
            (report.skipped, "skipped"),
        )
        if number
    ]
    return ", ".join(parts) or "nothing found"


def show_problems_by_kind(problems: Sequence[Problem], *, all_by: str = "search status --problems") -> None:
    """How many of each kind, and the first few with their reasons; on stderr. `all_by` shows all of them."""
    if not problems:
        return
    for kind, number in Counter(problem.kind for problem in problems).most_common():
        say(f"{counted(number, 'file')} {KIND_TEXT[kind]}", style="yellow")
        of_kind = [problem for problem in problems if problem.kind is kind]
        for problem in of_kind[:SHOWN]:
            say(f"{display(problem.path)}: {problem.reason}", indent=2)
    if any(number > SHOWN for number in Counter(problem.kind for problem in problems).values()):
        say(f"{all_by} shows all")


def problem_json(problem: Problem) -> dict[str, str]:
    """One skipped file."""
    return {**json_path(problem.path), "reason": problem.reason, "kind": problem.kind.value}


def report_json(report: IndexReport) -> dict[str, object]:
    """The stable shape that docs/commands.md promises."""
    return {
        "added": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "offline": report.offline,
        "skipped": report.skipped,
        "ignored": report.ignored,
        "embedded": report.embedded,
        "captions": report.captions,
        "seconds": round(report.seconds, 3),
        "pictures_per_second": round(report.pictures_per_second, 3),
        "interrupted": report.interrupted,
        "model": report.model,
        "problems": [problem_json(problem) for problem in report.problems],
        "notices": list(report.notices),
    }
