"""What the program is called: by the package index, and in the platform's folders (settings, data, caches, logs)."""

NAME = "semantic-image-search"
