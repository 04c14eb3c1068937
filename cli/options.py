"""Options that several commands share, each described once.

Names and help texts only; what the values mean is decided where they are used.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from core.models import Device
from core.recall import LEAST_RECALL, MOST_RECALL

COMBINE = "Mixing"
FILTERS = "Which pictures"
OUTPUT = "What is shown"
ADVANCED = "Where and how"

LibraryFolder = Annotated[
    Path | None,
    typer.Option(
        "--library",
        metavar="FOLDER",
        help="The library to use. Default: SEARCH_LIBRARY, or the one in your data folder.",
        rich_help_panel=ADVANCED,
    ),
]
OnDevice = Annotated[
    Device | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help="Run the model on cuda, mps, cpu, or auto: the best there is.",
        rich_help_panel=ADVANCED,
    ),
]
IndexDevice = Annotated[
    Device | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help="Build the index on cuda, cpu, or auto: the GPUs where there are any.",
        rich_help_panel=ADVANCED,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=OUTPUT)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; the answer is yes.")]
Download = Annotated[bool, typer.Option("--yes", "-y", help="Download the model without asking.")]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="NUMBER", min=1, max=256, help="Processes that decode pictures.")
]
Recall = Annotated[
    float | None,
    typer.Option(
        "--recall",
        metavar="SHARE",
        min=LEAST_RECALL,
        max=MOST_RECALL,
        help="Of the ten best, the share that a vector index should find (0.99). Remembered with it.",
    ),
]
Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", min=0, help="Wait this long while another run is writing.")
]

# Filters
InFolders = Annotated[
    list[str] | None,
    typer.Option("--in", metavar="FOLDER", help="Only below this folder. Repeatable.", rich_help_panel=FILTERS),
]
Date = Annotated[
    str | None,
    typer.Option("--date", metavar="RANGE", help="Taken then: 2019, 2021-06, 2019..2021-06.", rich_help_panel=FILTERS),
]
After = Annotated[
    str | None, typer.Option("--after", metavar="DATE", help="Taken on this day or later.", rich_help_panel=FILTERS)
]
Before = Annotated[
    str | None, typer.Option("--before", metavar="DATE", help="Taken before this day.", rich_help_panel=FILTERS)
]
Camera = Annotated[
    str | None,
    typer.Option("--camera", metavar="NAME", help="A part of the camera's or lens's name.", rich_help_panel=FILTERS),
]
NearPlace = Annotated[
    str | None,
    typer.Option("--near", metavar="LAT,LON,KM", help="Taken within KM of a place.", rich_help_panel=FILTERS),
]
Shape = Annotated[
    Literal["landscape", "portrait", "square"] | None,
    typer.Option("--orientation", metavar="SHAPE", help="landscape, portrait or square.", rich_help_panel=FILTERS),
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="NAME", help="jpeg, png, heif, … Repeatable.", rich_help_panel=FILTERS),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="NAME", help="With this tag. Repeatable: with all.", rich_help_panel=FILTERS),
]

# What is shown
Limit = Annotated[
    int | None,
    typer.Option(
        "-k", metavar="NUMBER", min=1, max=10_000, help="How many hits: 10, or all of --files.", rich_help_panel=OUTPUT
    ),
]
Offset = Annotated[
    int, typer.Option("--offset", metavar="NUMBER", min=0, help="Skip this many hits.", rich_help_panel=OUTPUT)
]
SortBy = Annotated[
    Literal["score", "date"],
    typer.Option("--sort", metavar="BY", help="score, or date: newest first.", rich_help_panel=OUTPUT),
]
NoGroup = Annotated[bool, typer.Option("--no-group", help="Show copies and bursts one by one.", rich_help_panel=OUTPUT)]
AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="JSON, one object per line.", rich_help_panel=OUTPUT)]
AsPaths = Annotated[bool, typer.Option("--paths", help="Paths only, one per line.", rich_help_panel=OUTPUT)]
AsNul = Annotated[
    bool, typer.Option("--null", "-0", help="Paths only, a NUL after each: for xargs -0.", rich_help_panel=OUTPUT)
]
Preview = Annotated[
    bool,
    typer.Option(
        "--preview", help="Show the pictures: in the terminal, or as a contact sheet.", rich_help_panel=OUTPUT
    ),
]
Open = Annotated[
    bool,
    typer.Option("--open", help="Open the best hit (with --preview the sheet) in a viewer.", rich_help_panel=OUTPUT),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Also say what encoded, and where the time went.", rich_help_panel=OUTPUT),
]
