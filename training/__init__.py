"""How the built-in model `mini` is made: from pictures, captions and teachers to a folder that open_clip loads.

Not part of the wheel. `training/README.md` tells the steps; each is a module to run, keeps what it made in one working
folder, and goes on where it stopped.
"""
