"""The routes below /api/v1, a file for each thing; each hands on a `router(parts)`."""
