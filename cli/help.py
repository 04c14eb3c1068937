"""Help pages: plain, grouped, with an example at the end. No boxes, and nothing heavy to draw them.

What the pages say is written beside each command; this only lays it out.
"""

import os
from typing import TYPE_CHECKING

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    # Typer hands these two in; where they live is its own business.
    from typer._click import Context, HelpFormatter, Parameter

GENERAL = "Options"
PAGE = {"help_option_names": ["-h", "--help"], "max_content_width": 100}  # context settings of every command


class Page(TyperCommand):
    """A command whose options are shown in the groups they were given."""

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Arguments first, then each group."""
        _write_groups(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002 - Typer's signature
        """The examples, one command per line."""
        _write_examples(self.epilog, formatter)


class Contents(TyperGroup):
    """A group of commands: what there is, in one line each."""

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """The commands first: they are what most people look for."""
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        with formatter.section(_heading("Commands")):
            formatter.write_dl([(command.name or "", command.get_short_help_str(90)) for command in commands])
        _write_groups(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002 - Typer's signature
        """The examples, one command per line."""
        _write_examples(self.epilog, formatter)


def _write_groups(params: "Iterable[Parameter]", ctx: "Context", formatter: "HelpFormatter") -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for param in params:
        if isinstance(param, TyperArgument):
            groups.setdefault("Arguments", []).append((param.metavar or param.name or "", param.help or ""))
            continue
        record = param.get_help_record(ctx)
        if record is not None:
            groups.setdefault(getattr(param, "rich_help_panel", None) or GENERAL, []).append(record)
    for name in sorted(groups, key=lambda name: (name != "Arguments", name == GENERAL and len(groups[name]) == 1)):
        with formatter.section(_heading(name)):
            formatter.write_dl(groups[name], col_max=34)


def _write_examples(examples: str | None, formatter: "HelpFormatter") -> None:
    if examples:
        with formatter.section(_heading("Examples")):
            for line in examples.splitlines():
                formatter.write(f"  {line}\n")


def _heading(text: str) -> str:
    return text if os.environ.get("NO_COLOR") else typer.style(text, bold=True)  # echo drops it in a pipe
