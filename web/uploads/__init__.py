"""Pictures that clients send to ask with: kept in memory for a while, decoded by workers, never written anywhere."""

from web.uploads.shares import Bound, Holder
from web.uploads.shelf import Upload, Uploads

__all__ = ["Bound", "Holder", "Upload", "Uploads"]
