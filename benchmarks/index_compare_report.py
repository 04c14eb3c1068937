"""What a comparison found, as JSON, as tables in markdown, and as a picture."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.asking import Asked
from benchmarks.questions import KINDS

_GOALS = (0.98, 0.99)


@dataclass(frozen=True)
class Figures:
    """One rival's."""

    name: str
    title: str
    knob: str
    about: dict[str, object]
    ram_held_per_row: float  # bytes of anonymous memory, after it had answered
    ram_peak_per_row: float  # the most while it opened and answered
    disk_per_row: float
    build_cpu_s: float
    build_peak_rss: int
    asked: tuple[Asked, ...]  # the default effort first

    def worth_showing(self) -> list[tuple[Asked, str]]:
        """The default effort and the least that reaches each goal with both kinds of query, and why each is shown."""
        found: dict[int, list[str]] = {self.asked[0].effort: ["default"] if self.knob else [""]}
        if self.knob:
            for goal in _GOALS:
                reaching = [some for some in self.asked if some.recall >= goal]
                if reaching:
                    found.setdefault(reaching[0].effort, []).append(f"≥ {goal}")
            if self.best.recall < max(_GOALS):
                found.setdefault(self.best.effort, []).append("the best it does")
        return [(some, ", ".join(found[some.effort])) for some in self.asked if some.effort in found]

    @property
    def best(self) -> Asked:
        """The effort with the highest recall; of equals the least."""
        return max(self.asked, key=lambda some: some.recall)


@dataclass(frozen=True)
class Compared:
    """A whole comparison."""

    machine: str
    date: str
    rows: int
    dim: int
    queries: int  # of each kind
    repeats: int
    left_out: tuple[str, ...]
    rivals: tuple[Figures, ...]


def write_report(compared: Compared, folder: Path) -> str:
    """Writes index_compare_<rows>.json, .md and, where matplotlib is there, .png; returns the markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"index_compare_{compared.rows}"
    (folder / f"{stem}.json").write_text(json.dumps(dataclasses.asdict(compared), indent=2) + "\n")
    drawn = find_spec("matplotlib") is not None
    lines = list(_markdown(compared, f"{stem}.png" if drawn else None))
    if drawn:
        from benchmarks.index_compare_plot import draw

        draw(compared, folder / f"{stem}.png")
    text = "\n".join(lines) + "\n"
    (folder / f"{stem}.md").write_text(text)
    return text


def _markdown(compared: Compared, picture: str | None) -> Iterator[str]:
    yield f"# {compared.rows:,} × {compared.dim} vectors, {compared.machine}, {compared.date}"
    yield ""
    yield (
        f"`python -m benchmarks.index_compare --rows {compared.rows} --dim {compared.dim} --queries {compared.queries} "
        f"--repeats {compared.repeats}`. CPU time of one thread, rivals asked in turn, {compared.queries} queries of "
        f"each kind; cells with two figures are {KINDS[0]} / {KINDS[1]} queries. RAM is anonymous memory per vector: "
        "held afterwards / at most while opening and answering."
    )
    yield ""
    yield from _table(compared, sweep=False)
    yield ""
    for line in compared.left_out:
        yield f"Left out: {line}."
        yield ""
    yield "p99 is left out where fewer than 100 queries of a kind were asked (slow ways)."
    yield ""
    if picture:
        yield f"![Recall against time]({picture})"
    else:
        yield "No picture: matplotlib is missing (`pip install -e '.[bench]'`)."
    yield ""
    yield "## Every effort"
    yield ""
    yield from _table(compared, sweep=True)


def _table(compared: Compared, *, sweep: bool) -> Iterator[str]:
    yield (
        "| way | effort | recall@10 | p50 ms | p99 ms | × the first row's time | RAM B/vector | disk B/vector "
        "| build CPU s | build peak GB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    ours = _both_p50(compared.rivals[0].asked[0])
    for rival in compared.rivals:
        shown = [(some, "") for some in rival.asked] if sweep else rival.worth_showing()
        for asked, why in shown:
            cells = [
                rival.title,
                " ".join(
                    filter(None, [f"{rival.knob} {asked.effort}" if rival.knob else "", f"({why})" if why else ""])
                ),
                " / ".join(f"{asked.kinds[kind].recall:.3f}" for kind in KINDS),
                " / ".join(_figure(asked.kinds[kind].p50_ms) for kind in KINDS),
                " / ".join(_figure(asked.kinds[kind].p99_ms) for kind in KINDS),
                f"{_both_p50(asked) / ours:.3g}",
                f"{rival.ram_held_per_row:,.0f} / {rival.ram_peak_per_row:,.0f}",
                f"{rival.disk_per_row:,.0f}",
                _figure(rival.build_cpu_s),
                f"{rival.build_peak_rss / 1e9:.2f}",
            ]
            yield f"| {' | '.join(cells)} |"


def _both_p50(asked: Asked) -> float:
    """The mean of both kinds' medians."""
    return sum(kind.p50_ms for kind in asked.kinds.values()) / len(asked.kinds)


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
