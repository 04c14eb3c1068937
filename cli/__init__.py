"""The command line: `search`. One file per command, and the few things they share.

It parses words, calls the front door (`semantic_image_search`), and prints. It decides nothing about pictures. Heavy
imports happen inside the commands, so that `search --help` costs nothing.
"""
