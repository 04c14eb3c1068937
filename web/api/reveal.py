"""Opens the folder of a picture on the owner's own screen."""

from fastapi import APIRouter

from web.access.scopes import OwnerOnly
from web.api.images import ImageId
from web.api.models import problems
from web.file_manager import can_show, show_in_folder
from web.parts import Parts
from web.picture_problems import told_of_files
from web.problems import Problem


def router(parts: Parts) -> APIRouter:
    """POST /images/{id}/reveal; for the owner, who sits at the server's machine."""
    routes = APIRouter(tags=["pictures"])

    @routes.post(
        "/images/{image_id}/reveal",
        status_code=204,
        dependencies=[OwnerOnly],
        responses=problems(
            s403="Only the owner may.",
            s404="No picture of this id, or its file is out of reach.",
            s409="Another file lies in its place; or the machine has no screen, or nothing that shows folders.",
        ),
    )
    def reveal(image_id: ImageId) -> None:
        """Show the picture's folder in the file manager of the server's machine."""
        if not can_show():
            raise Problem(409, "no_file_manager", "the server's machine has no screen, or nothing that shows folders")
        with told_of_files(), parts.held.library() as library:
            found = library.pictures.open_original(image_id)
            found.file.close()
        show_in_folder(found.path)

    return routes
