"""How far an indexing run is: a bar on a terminal, a plain line every few seconds in a pipe. All on stderr.

Also says, once, how long a large run will take, as soon as that is measured and not before.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from cli.console import err_console, err_is_terminal, one_line, say
from cli.units import count, counted, rate, span
from core.indexing import Progress

if TYPE_CHECKING:
    from core.indexing import ProgressListener

EVERY_S = 5.0  # between two plain lines
MEASURED_S = 10.0  # of work before a rate is believed: loading the model and the first batch are slow
MEASURED_FILES = 64
WORTH_SAYING_S = 60.0  # a shorter run is over before the sentence is read
STAGES = {
    "scan": "looking through folders",
    "index": "indexing",
    "caption": "writing captions",
    "judge": "judging captions",
    "import": "importing captions",
    "texts": "embedding captions",
    "neutral": "embedding neutral texts",
    "labels": "reading labels",
    "tag": "tagging",
    "see": "looking at pictures",
    "look": "looking at duplicates",
    "finish": "finishing",
}
PICTURED = frozenset({"index", "caption"})  # stages that count pictures, and can take hours
PACED = frozenset({"index", "caption", "judge", "see", "look"})  # stages long enough to say how fast they go


@contextmanager
def progress_shown(model: Callable[[], str], *, first: str = "scan") -> "Iterator[ProgressListener]":
    """A listener for `Library.index` that shows what it hears.

    Args:
        model: names the model; called once, when a large run's length is told.
        first: the stage that is shown before anything is heard.
    """
    from cli.hearing import encoders_heard

    estimate = Estimate(model)
    if not err_is_terminal():
        with encoders_heard(say):
            yield Lines(estimate)
        return
    bar = Bar(estimate, first)
    try:
        with encoders_heard(bar.tell):
            yield bar
    finally:
        bar.close()


class Estimate:
    """Says once how long a large run will take, from the rate of what it has done so far."""

    def __init__(self, model: Callable[[], str], *, clock: Callable[[], float] = monotonic) -> None:
        self._model = model
        self._clock = clock
        self._start: tuple[float, int] | None = None
        self._said = False

    def __call__(self, progress: Progress) -> str | None:
        """The sentence, when it is time for it; else None."""
        if progress.stage not in PICTURED or progress.total is None or self._said or not progress.done:
            return None
        if self._start is None:  # from the first finished batch on: before it, the model was loading
            self._start = (self._clock(), progress.done)
            return None
        seconds, done = self._clock() - self._start[0], progress.done - self._start[1]
        if seconds < MEASURED_S or done < MEASURED_FILES:
            return None
        self._said = True
        left = (progress.total - progress.done) * seconds / done
        if left < WORTH_SAYING_S:
            return None
        pictures = counted(progress.total, "picture")
        return f"{pictures} with {self._model()}: about {span(left)} to go, at {rate(done / seconds)} a second so far"


class Lines:
    """Plain lines for a pipe or a log."""

    def __init__(self, estimate: Estimate, *, clock: Callable[[], float] = monotonic) -> None:
        self._estimate = estimate
        self._clock = clock
        self._last = clock()

    def __call__(self, progress: Progress, /) -> None:
        """A line now and then."""
        sentence = self._estimate(progress)
        if sentence:
            say(sentence)
        if self._clock() - self._last < EVERY_S:
            return
        self._last = self._clock()
        line = STAGES.get(progress.stage, progress.stage)
        if progress.done or progress.total is not None:
            line += f": {amount(progress)}"
        if progress.skipped:
            line += f", {count(progress.skipped)} skipped"
        say(line)


class Bar:
    """One bar on a terminal that goes when the work is done."""

    def __init__(self, estimate: Estimate, first: str = "scan") -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self._estimate = estimate
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            TextColumn("{task.fields[numbers]}", style="dim"),
            console=err_console(),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(STAGES[first], total=None, numbers="")
        self._pace = Pace()
        self._bar.start()

    def __call__(self, progress: Progress, /) -> None:
        """Move the bar."""
        sentence = self._estimate(progress)
        if sentence:
            self.tell(sentence)
        self._bar.update(
            self._task,
            description=progress.note or STAGES.get(progress.stage, progress.stage),
            completed=progress.done,
            total=progress.total,
            numbers=self._pace.numbers(progress),
        )

    def tell(self, sentence: str) -> None:
        """A line above the bar."""
        from rich.text import Text

        self._bar.console.print(Text(one_line(sentence), "dim"), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away; what is printed next starts on its line."""
        self._bar.stop()
        sys.stderr.flush()


def amount(progress: Progress) -> str:
    """How many are done, of how many where that is known."""
    return count(progress.done) if progress.total is None else f"{count(progress.done)} of {count(progress.total)}"


class Pace:
    """The numbers beside the bar: how many, how fast, how long to go."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._stage = ""
        self._start = (clock(), 0)

    def numbers(self, progress: Progress) -> str:
        """As in `1,200 of 12,400 · 31 a second · 6 min to go`; speed from this stage's first report on."""
        if progress.stage != self._stage:
            self._stage, self._start = progress.stage, (self._clock(), progress.done)
        parts = [amount(progress)] if progress.done or progress.total is not None else []
        seconds, done = self._clock() - self._start[0], progress.done - self._start[1]
        paced = progress.stage in PACED or progress.stage not in STAGES  # search eval's say themselves what they are
        if paced and seconds >= 1.0 and done > 0:
            parts.append(f"{rate(done / seconds)} a second")
            if progress.total is not None and progress.total > progress.done:
                parts.append(f"{span((progress.total - progress.done) * seconds / done)} to go")
        if progress.skipped:
            parts.append(f"{count(progress.skipped)} skipped")
        return " · ".join(parts)
