"""A server that holds models and index between questions, and the client that the command line asks it with.

    cli -- questions --> client ==== Unix socket ==== server --> Library
                           |                          (held, batched, let go of when idle)
                           +-- no server, or anything amiss --> Library, in its own process

The server answers with values, never with text: the command line prints them with the code it prints its own with.
What the client imports is kept small: neither numpy nor SQLAlchemy, faiss or a model.
The whole story: docs/serve.md.
"""
