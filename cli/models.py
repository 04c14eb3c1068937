"""`search models`: which models there are, their weights on this machine, and the one a library uses."""

from typing import Annotated

import typer

from cli import context, options
from cli.console import ask, can_ask, emit, emit_json, say
from cli.help import PAGE, Contents, Page
from cli.model_table import show_models, table_rows
from cli.pictures import shown
from cli.precompute import EXAMPLES as PRECOMPUTE_EXAMPLES
from cli.precompute import precompute
from cli.units import size
from cli.weights import what_is_fetched, with_weights

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A name of search models list, ARCH:TAG, hf-hub:ORG/REPO or local-dir:FOLDER.",
        show_default=False,
    ),
]

models = typer.Typer(
    help="List, fetch, choose and remove models.",
    cls=Contents,
    context_settings=PAGE,
    epilog="search models list",
)


@models.command("list", cls=Page, context_settings=PAGE, epilog="search models list")
def list_(as_json: options.AsJson = False, library: options.LibraryFolder = None) -> None:
    """List the models that can be asked for by name."""
    from cli.model_table import models_json

    rows = table_rows(context.open_library(library))
    if as_json:
        emit_json(models_json(rows))
    else:
        show_models(rows)


@models.command(cls=Page, context_settings=PAGE, epilog="search models pull ViT-B-16-SigLIP2")
def pull(name: Name, as_json: options.AsJson = False) -> None:
    """Fetch a model's weights, so that later runs need no network."""
    from encoders import canonical_name, is_built_in
    from encoders import pull as fetch

    name = canonical_name(name)
    if not is_built_in(name):
        say(f"fetching {what_is_fetched(name)}")
    where = fetch(name)
    if not is_built_in(name):
        _prepare(name)
    if as_json:
        emit_json({"model": name, "path": shown(where)})
    elif is_built_in(name):
        emit(f"{name} is built in: there is nothing to download")
    else:
        emit(f"{name} is in {shown(where)}")


def _prepare(name: str) -> None:
    """What the first use would do: some seconds now, none then."""
    from core.models import ModelTask
    from encoders import find_model, load_encoder

    if find_model(name).task is ModelTask.CLIP:
        say(f"preparing {name} for this machine, once")
        load_encoder(name).prepare()


@models.command(cls=Page, context_settings=PAGE, epilog="search models use ViT-L-14-datacomp")
def use(
    name: Name, yes: options.Yes = False, device: options.OnDevice = None, library: options.LibraryFolder = None
) -> None:
    """Change the library's model. The next search index embeds the pictures anew; until then the old one answers."""
    from db.records import SpaceState

    space = with_weights(
        lambda download: context.open_library(library, device=device, download=download),
        lambda opened: opened.use_model(name),
        yes=yes,
    )
    if space.state is SpaceState.ACTIVE:
        emit(f"the library uses {space.name}")
    else:
        emit(f"the next search index embeds what {space.name} has not seen; until it is done, the old model answers")


@models.command(cls=Page, context_settings=PAGE, epilog="search models remove RN50")
def remove(name: Name, yes: options.Yes = False, as_json: options.AsJson = False) -> None:
    """Delete a model's weights from the cache."""
    from encoders import canonical_name, removable
    from encoders import remove as delete

    name = canonical_name(name)
    folder = removable(name)  # first: nobody is asked about what cannot be done
    if not yes and can_ask() and not ask(f"Delete the weights of {name} from {shown(folder)}?", default=False):
        raise typer.Exit(1)
    freed = delete(name)
    if as_json:
        emit_json({"model": name, "freed_bytes": freed})
    else:
        emit(f"{name} removed, {size(freed)} freed")


models.command("precompute", cls=Page, context_settings=PAGE, epilog=PRECOMPUTE_EXAMPLES)(precompute)
