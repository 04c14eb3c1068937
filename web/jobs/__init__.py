"""Index runs that the server starts: each in a process of its own, so that its crash is not the server's."""
