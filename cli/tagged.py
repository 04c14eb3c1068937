"""What `search tag` did, and which tags there are, for people and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.console import emit, emit_json, say
from cli.progress import progress_shown
from cli.units import count, counted, span
from core.paths import display, json_path
from core.tags import TagCount, TagReport

if TYPE_CHECKING:
    from core.queries import Filters
    from searcher.label_sets import LabelSet
    from semantic_image_search import Library
    from semantic_image_search.labels.selection import TagChange


@dataclass(frozen=True, slots=True)
class Which:
    """The pictures that are meant."""

    paths: tuple[bytes, ...]  # as they were typed
    filters: "Filters"


def give_tags(
    library: "Library",
    sets: Sequence["LabelSet"],
    which: Which,
    *,
    least: float | None,
    or_none: bool | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Tag with one set after the other; says how many paths the library does not know."""
    reports = []
    for one in sets:
        with progress_shown(lambda: library.encoder().info.name, first="labels") as listener:
            reports.append(
                library.tags.write(
                    one,
                    least=least,
                    or_none=or_none,
                    paths=which.paths,
                    filters=which.filters,
                    dry_run=dry_run,
                    listener=listener,
                )
            )
        if not as_json:
            _show_report(reports[-1], alone=len(sets) == 1)
    if as_json:
        values = [_report_json(report) for report in reports]
        emit_json(values[0] if len(values) == 1 else values)
    return _say_unknown(reports[-1].unknown)


def change_by_hand(
    library: "Library",
    which: Which,
    add: Sequence[str],
    remove: Sequence[str],
    sources: Sequence[str],
    *,
    as_json: bool,
) -> int:
    """Give and take tags; says how many paths the library does not know."""
    added = library.tags.add(add, paths=which.paths, filters=which.filters) if add else None
    removed = (
        library.tags.remove(remove, sources=sources, paths=which.paths, filters=which.filters)
        if remove or sources
        else None
    )
    changes = [change for change in (added, removed) if change is not None]
    if as_json:
        unknown = [json_path(path) for path in changes[0].unknown]
        emit_json({"added": _changes(added), "removed": _changes(removed), "unknown": unknown})
    for change, word in ((added, "tagged"), (removed, "untagged")):
        for name, pictures in () if change is None or as_json else change.changed:
            emit(f"{name}: {counted(pictures, 'picture')} {word}")
    return _say_unknown(changes[0].unknown)


def show_list(library: "Library", which: Which, *, as_json: bool) -> int:
    """The tags, those of most pictures first."""
    found = sorted(library.tags.list(paths=which.paths, filters=which.filters), key=lambda tag: -tag.pictures)
    if as_json:
        emit_json({"tags": [_tag_json(tag) for tag in found]})
    for tag in () if as_json else found:
        sources = ", ".join(f"{one.source} ({one.model})" if one.model else one.source for one in tag.sources)
        emit(f"{tag.pictures}\t{tag.name}\t{sources}")
    if not found:
        say("no picture has a tag; search tag --set objects gives some")
    elif not as_json:
        _say_old_models(library, found)
    return 0


def _show_report(report: TagReport, *, alone: bool) -> None:
    for notice in report.notices:
        say(notice, style="yellow")
    for name, pictures in report.counts:
        emit(f"{pictures}\t{name}" if alone else f"{pictures}\t{name}\t{report.source}")
    done = "would be tagged" if report.dry_run else "tagged"
    say(
        f"{count(report.tagged)} of {counted(report.looked_at, 'picture')} {done}, with {count(len(report.counts))} of "
        f"the {count(report.labels)} labels of {report.source}; {report.model}, {span(report.seconds)}"
    )


def _report_json(report: TagReport) -> dict[str, object]:
    return {
        "set": report.source,
        "model": report.model,
        "labels": report.labels,
        "min": report.least,
        "or_none": report.or_none,
        "pictures": report.looked_at,
        "tagged": report.tagged,
        "dry_run": report.dry_run,
        "tags": [{"name": name, "pictures": pictures} for name, pictures in report.counts],
        "unknown": [json_path(path) for path in report.unknown],
        "seconds": round(report.seconds, 3),
        "notices": list(report.notices),
    }


def _changes(change: "TagChange | None") -> list[dict[str, object]]:
    return [] if change is None else [{"name": name, "pictures": pictures} for name, pictures in change.changed]


def _tag_json(tag: TagCount) -> dict[str, object]:
    sources = [{"source": one.source, "model": one.model, "pictures": one.pictures} for one in tag.sources]
    return {"name": tag.name, "pictures": tag.pictures, "sources": sources}


def _say_old_models(library: "Library", found: Sequence[TagCount]) -> None:
    """Tags outlive a change of the model; which of them another model found."""
    now = library.encoders.pinned()
    old = {(one.source, one.model) for tag in found for one in tag.sources if one.model is not None}
    for source, model in sorted(old):
        if now is not None and model != now.name:
            say(f"{source}: found by {model}, and the library uses {now.name} now; tag again to renew them")


def _say_unknown(paths: Sequence[bytes]) -> int:
    for path in paths:
        say(f"search: {display(path)}: no picture of the library is there", style="red")
    return len(paths)
