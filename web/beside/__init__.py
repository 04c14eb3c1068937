"""Processes that search beside the server's own, as long as many ask at once.

    request -- route -- turn -+-- here: the library that the server holds
                              +-- there: web.beside.child, another process of the same library

A process of Python runs one thread at a time: without others a second question waits for the first, however many cores
there are. The story, with figures: docs/decisions/0020.
"""
