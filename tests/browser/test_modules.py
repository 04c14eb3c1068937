"""The page's modules that decide something without drawing it: the address, rows, days, where matches end."""

import random

import pytest

from cli.matches import matches_end
from tests.browser.conftest import Run
from tests.cli.parts import hit

STATES = [
    "",
    "#q=a+dog&match=likely",
    "#q=%E7%8B%97+%26+more",
    "#not=snow&not=toy+car&like=7&like=9&unlike=3",
    "#from=2019-05-01&before=2019-06-01&folder=%2Fa+b&camera=Canon+EOS&near=48.86%2C2.35%2C25",
    "#format=jpeg&format=heic&tag=dog&order=oldest&view=duplicates&open=12",
]


@pytest.mark.parametrize("fragment", STATES)
def test_an_address_is_read_and_written_again(run: Run, fragment: str) -> None:
    assert run("url", "(m, f) => m.toFragment(m.fromFragment(f))", fragment) == fragment


@pytest.mark.parametrize(
    "broken", ["#like=x&open=-1&order=sideways&near=1,2&weight=heavy&view=none&nothing=3", "#=&&&%"]
)
def test_what_cannot_be_read_in_an_address_is_as_if_it_were_not_there(run: Run, broken: str) -> None:
    assert run("url", "(m, f) => m.toFragment(m.fromFragment(f))", broken) == ""


@pytest.mark.parametrize(
    ("typed", "text", "left_out"),
    [
        ("a dog", "a dog", []),
        ("dog -snow", "dog", ["snow"]),
        ('-"toy car" red  car', "red car", ["toy car"]),
        ("t-shirt - well-known", "t-shirt - well-known", []),
    ],
)
def test_a_word_with_a_minus_is_left_out(run: Run, typed: str, text: str, left_out: list[str]) -> None:
    assert run("picture-query", "(m, q) => m.wordsOf(q)", typed) == {"text": text, "not": left_out}


LAY_OUT = """(m, {ratios, sections, width}) => {
  const list = {length: ratios.length, ratioAt: (i) => ratios[i], sections};
  const layout = new m.Layout(list, {width, target: 200, gap: 6, heading: 50});
  const rows = [];
  for (let row = 0; row < layout.rows; row++) {
    const tiles = [];
    layout.eachOfRow(row, (index, x, y, width, height) => tiles.push({index, x, y, width, height}));
    rows.push(tiles);
  }
  const found = ratios.every((_, i) => layout.starts[layout.rowOf(i)] <= i && i < layout.starts[layout.rowOf(i) + 1]);
  return {rows, height: layout.height, headings: [...layout.headingTops], found};
}"""


@pytest.mark.parametrize("width", [374, 1400])
def test_rows_hold_every_picture_once_in_order_and_fill_the_width(run: Run, width: int) -> None:
    chance = random.Random(7)
    ratios = [chance.choice((100, 667, 1000, 1333, 1500, 9000)) for _ in range(500)]
    sections = [{"at": at} for at in (0, 1, 40, 200)]
    laid = run("layout", LAY_OUT, {"ratios": ratios, "sections": sections, "width": width})
    tiles = [tile for row in laid["rows"] for tile in row]
    assert [tile["index"] for tile in tiles] == list(range(500))
    assert laid["found"] is True
    starts = {section["at"] for section in sections} - {0}
    for row, after in zip(laid["rows"], [*laid["rows"][1:], None], strict=True):
        reached = row[-1]["x"] + row[-1]["width"]
        assert reached <= width + 1
        assert row[0]["height"] <= 200 * 1.46
        closed = after is None or after[0]["index"] in starts
        assert closed or reached >= width - 1
        below = after[0]["y"] if after else laid["height"]
        heading = 50 if after and after[0]["index"] in starts else 0
        assert below - row[0]["y"] == pytest.approx(row[0]["height"] + 6 + heading, abs=0.01)
    assert len(laid["headings"]) == len(sections)


def test_an_empty_list_has_no_rows(run: Run) -> None:
    laid = run("layout", LAY_OUT, {"ratios": [], "sections": [], "width": 900})
    assert (laid["rows"], laid["height"]) == ([], 0)


def test_matches_end_where_the_command_line_draws_the_line(run: Run) -> None:
    chance = random.Random(3)
    for _ in range(40):
        matches = [chance.choice((None, 0.1, 0.49, 0.5, 0.9)) for _ in range(chance.randrange(6))]
        hits = [_hit(match) for match in matches]
        shown = [{"match": match, "matched_words": []} for match in matches]
        assert run("hits", "(m, hits) => m.matchesEnd(hits, 'dog')", shown) == matches_end(hits), matches


def _hit(match: float | None) -> object:
    from dataclasses import replace

    return replace(hit(), match=match)


def test_headings_stand_above_full_days_else_some_days_else_the_month_else_the_year(run: Run) -> None:
    days = [["2024-06-09", 0], ["2024-06-08", 2], ["2024-06-02", 5], ["2024-06-01", 25], ["2023-05-09", 32]]
    days += [
        ["2023-05-01", 34],
        ["2023-04-03", 40],
        ["2020-12-01", 50],
        ["2020-03-01", 51],
        ["2019-01-01", 52],
        ["", 53],
    ]
    found = run("days", "(m, days) => m.daySections(days, 60)", days)
    assert [(section["at"], section["kind"], section.get("last")) for section in found] == [
        (0, "days", "2024-06-02"),  # 2 and 3 pictures alone would not be worth a heading
        (25, "days", "2024-06-01"),
        (32, "month", None),
        (40, "days", "2023-04-03"),
        (50, "year", None),
        (52, "year", None),
        (53, "undated", None),
    ]


def test_a_stack_opens_beside_its_picture_and_moves_what_follows(run: Run) -> None:
    opened = run(
        "stacks",
        """(m, _) => {
          const hits = new Map([[1, {image_id: 1}], [2, {image_id: 2}], [3, {image_id: 3}]]);
          const content = {ids: [1, 2, 3], ratios: [1000, 1500, 700], sections: [{at: 2, kind: 'below'}], hits};
          const records = [{image_id: 8, width: 200, height: 100}, {image_id: 3, width: 1, height: 1}];
          const {ids, ratios, sections} = m.withOpened(content, new Map([[1, records]]));
          return {ids, ratios, sections};
        }""",
    )
    assert opened == {
        "ids": [1, 8, 2, 3],
        "ratios": [1000, 2000, 1500, 700],
        "sections": [{"at": 3, "kind": "below"}],
    }
