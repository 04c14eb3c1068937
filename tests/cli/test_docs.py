"""docs/commands.md names every command and every option, and none that does not exist."""

import re
from collections.abc import Iterator

import pytest
from typer.core import TyperGroup

from cli.app import build_command
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "commands.md").read_text()
HELP = {"-h", "--help"}  # said once, for all


def commands() -> Iterator[tuple[str, set[str], bool]]:
    """Name, options and whether it documents itself with an example."""
    program = build_command()
    for name, command in program.commands.items():
        inner = command.commands.items() if isinstance(command, TyperGroup) else ()
        for leaf_name, leaf in inner or ((None, command),):
            options = {
                option for param in leaf.params for option in (*param.opts, *param.secondary_opts) if option[0] == "-"
            }
            yield f"search {name}" + (f" {leaf_name}" if leaf_name else ""), options, bool(leaf.epilog)


def section(name: str) -> str:
    """The page's text below the heading of a command, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(name)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/commands.md has no heading for {name}"
    return found[1]


def options_in(text: str) -> set[str]:
    """Options inside backticks."""
    quoted = " ".join(re.findall(r"`([^`]+)`", text))
    return set(re.findall(r"(?<![\w-])(--?[a-zA-Z0][\w-]*)", quoted))


@pytest.mark.parametrize(("name", "options"), [(name, options) for name, options, _ in commands()])
def test_a_command_has_its_options_on_the_page(name: str, options: set[str]) -> None:
    assert options - options_in(section(name)) == set()


def test_the_page_names_no_option_that_does_not_exist() -> None:
    everywhere = {option for _, options, _ in commands() for option in options}
    program = {option for param in build_command().params for option in param.opts}
    completion = {"--install-completion", "--show-completion"}
    known = everywhere | program | completion | HELP
    assert options_in(PAGE) - known == set()
    for name, options, _ in commands():
        tables = "\n".join(re.findall(r"^\| `-.*?\|", section(name), re.MULTILINE))
        assert options_in(tables) - options == set(), name


def test_the_page_names_the_options_of_the_program() -> None:
    text = section("Without a command")
    shown = {option for param in build_command().params for option in param.opts}
    assert shown | HELP | {"--install-completion", "--show-completion"} <= options_in(text) | {"--"}


def test_every_command_has_an_example() -> None:
    assert [name for name, _, example in commands() if not example] == []
