"""The HTTP API and the page: the same engine as the command line's, for browsers and programs.

Imports fastapi; knows `semantic_image_search` and below, and nothing of `cli`. `web.app` puts it together.
"""
