"""The commands of `search`, put together."""

from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cli.ask import EXAMPLES as ASK_EXAMPLES
from cli.ask import ask
from cli.captions import captions
from cli.demo import EXAMPLES as DEMO_EXAMPLES
from cli.demo import demo
from cli.describe import EXAMPLES as DESCRIBE_EXAMPLES
from cli.describe import describe
from cli.doctor import EXAMPLES as DOCTOR_EXAMPLES
from cli.doctor import doctor
from cli.duplicates import EXAMPLES as DUPLICATES_EXAMPLES
from cli.duplicates import duplicates
from cli.eval import EXAMPLES as EVAL_EXAMPLES
from cli.eval import eval_
from cli.forget import EXAMPLES as FORGET_EXAMPLES
from cli.forget import forget
from cli.help import PAGE, Contents, Page
from cli.index import EXAMPLES as INDEX_EXAMPLES
from cli.index import index
from cli.label import EXAMPLES as LABEL_EXAMPLES
from cli.label import label
from cli.lookup import EXAMPLES as LOOKUP_EXAMPLES
from cli.lookup import lookup
from cli.mcp import EXAMPLES as MCP_EXAMPLES
from cli.mcp import mcp
from cli.models import models
from cli.optimize import EXAMPLES as OPTIMIZE_EXAMPLES
from cli.optimize import optimize
from cli.query import EXAMPLES as QUERY_EXAMPLES
from cli.query import query
from cli.serve import EXAMPLES as SERVE_EXAMPLES
from cli.serve import serve
from cli.status import EXAMPLES as STATUS_EXAMPLES
from cli.status import status
from cli.tag import EXAMPLES as TAG_EXAMPLES
from cli.tag import tag
from cli.vectors import vectors
from core.program import NAME

EXAMPLES = """\
search index ~/Pictures
search a dog on the beach
search photo.jpg
search statue --in ~/Pictures/Rome --date 2019..2021 --json"""


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"search {version(NAME)}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of a bug. Works anywhere.")] = False,
) -> None:
    """Find pictures by saying what is in them, or by showing one."""
    del version, debug  # the first prints and leaves; main takes the second off wherever it stands


def build_command() -> TyperGroup:
    """A new app with every command, ready to parse."""
    app = typer.Typer(
        name="search",
        cls=Contents,
        context_settings=PAGE,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog=EXAMPLES,
        subcommand_metavar="COMMAND | TEXT | PICTURE",
    )
    app.callback()(_program)
    for command, examples in (
        (index, INDEX_EXAMPLES),
        (query, QUERY_EXAMPLES),
        (lookup, LOOKUP_EXAMPLES),
        (describe, DESCRIBE_EXAMPLES),
        (ask, ASK_EXAMPLES),
        (label, LABEL_EXAMPLES),
        (tag, TAG_EXAMPLES),
        (duplicates, DUPLICATES_EXAMPLES),
        (serve, SERVE_EXAMPLES),
        (mcp, MCP_EXAMPLES),
        (status, STATUS_EXAMPLES),
        (forget, FORGET_EXAMPLES),
        (optimize, OPTIMIZE_EXAMPLES),
        (doctor, DOCTOR_EXAMPLES),
        (demo, DEMO_EXAMPLES),
    ):
        app.command(cls=Page, epilog=examples, context_settings=PAGE)(command)
    app.command("eval", cls=Page, epilog=EVAL_EXAMPLES, context_settings=PAGE)(eval_)
    app.add_typer(models, name="models")
    app.add_typer(captions, name="captions")
    app.add_typer(vectors, name="vectors")
    command = get_command(app)
    if not isinstance(command, TyperGroup):
        raise TypeError("an app with several commands is a group")
    return command
