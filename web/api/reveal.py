"""Opens the folder of a picture on the owner's own screen."""

from typing import Annotated

from fastapi import APIRouter, Body

from web.access.scopes import OwnerOnly, Scope
from web.api.images import ImageId
from web.api.models import problems
from web.api.models_filters import InFolders
from web.api.places import places_for
from web.file_manager import can_show, show_in_folder
from web.parts import Parts
from web.picture_problems import told_of_files
from web.problems import Problem

_EXAMPLES = {"a folder": {"summary": "In this folder", "value": {"folders": ["/home/me/Pictures/2019"]}}}


def router(parts: Parts) -> APIRouter:
    """POST /images/{id}/reveal; for the owner, who sits at the server's machine."""
    routes = APIRouter(tags=["pictures"])

    @routes.post(
        "/images/{image_id}/reveal",
        status_code=204,
        dependencies=[OwnerOnly],
        responses=problems(
            s400="There is no such folder.",
            s403="Only the owner may.",
            s404="No picture of this id, or its file is out of reach.",
            s409="Another file lies in its place; or the machine has no screen, or nothing that shows folders.",
        ),
    )
    def reveal(image_id: ImageId, asked: Annotated[InFolders | None, Body(openapi_examples=_EXAMPLES)] = None) -> None:
        """Show the picture's folder in the file manager of the server's machine; of several files, one in `folders`."""
        if not can_show():
            raise Problem(409, "no_file_manager", "the server's machine has no screen, or nothing that shows folders")
        with told_of_files(), parts.held.library() as library:
            places = places_for(library, Scope.OWNER)
            folders = [places.read(folder) for folder in asked.folders] if asked else []
            found = library.pictures.open_original(image_id, folders=folders)
            found.file.close()
        show_in_folder(found.path)

    return routes
