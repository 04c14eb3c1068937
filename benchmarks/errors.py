"""What stops a benchmark: one line for the person who started it."""


class BenchmarkError(Exception):
    """What happened, to what, and what to do."""
