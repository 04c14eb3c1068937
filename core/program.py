"""What the program is called (by the package index, and in the platform's folders), and which version of it this is."""

NAME = "semantic-image-search"

VERSION = "0.1.0"
"""As pyproject.toml has it. Said here, too, since asking for a package's metadata takes longer than a warm query."""
