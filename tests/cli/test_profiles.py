"""`search index --profile`: where the time of a run went, as a table and as JSON."""

import json

from core.indexing import IndexReport, RunProfile, Stage, StageTime
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary

PROFILE = RunProfile(
    stages=tuple(StageTime(stage, 1.0 + number, 0.25 * number) for number, stage in enumerate(Stage)),
    workers=2,
    wall_s=31.4159,
    cpu_s=11.25,
)
REPORT = IndexReport(added=50, embedded=50, seconds=31.5, pictures_per_second=1.6, model="mini", profile=PROFILE)


def test_a_line_for_each_stage(library: FakeLibrary, search: Search) -> None:
    library.report = REPORT
    ran = search("index", "/p", "--profile")
    assert ran.code == 0, ran.err
    table = ran.lines[ran.lines.index("") + 1 :]
    assert [line.split()[0] for line in table[1:-2]] == [stage.value.split("_")[0] for stage in Stage]
    assert table[3].split()[:5] == ["decode", "*", "3.00", "0.50", "10.00"]  # 0.5 s for 50 pictures
    assert table[-2].split() == ["whole", "run", "31.42", "11.25"]
    assert "2 decoders" in table[-1]


def test_json_has_it_only_where_it_was_asked_for(library: FakeLibrary, search: Search) -> None:
    library.report = REPORT
    assert "profile" not in json.loads(search("index", "/p", "--json").out)
    profile = json.loads(search("index", "/p", "--json", "--profile").out)["profile"]
    assert profile["stages"]["read"] == {"seconds": 2.0, "cpu_seconds": 0.25}
    assert list(profile["stages"]) == [stage.value for stage in Stage]
    assert (profile["workers"], profile["seconds"], profile["cpu_seconds"]) == (2, 31.416, 11.25)


def test_a_run_that_embedded_nothing_has_no_time_a_picture(library: FakeLibrary, search: Search) -> None:
    library.report = IndexReport(unchanged=7, profile=PROFILE)
    ran = search("index", "--profile")
    assert ran.code == 0, ran.err
    assert "nan" not in ran.out
    assert "inf" not in ran.out


def test_a_dry_run_has_none_to_show(library: FakeLibrary, search: Search) -> None:
    ran = search("index", "/p", "--profile", "--dry-run")
    assert ran.code == 2
    assert ran.err.strip() == (
        "search: --profile says where a run's time went, and --dry-run makes none: leave one of them out"
    )
