"""A decode worker that misbehaves where a file's name asks for it: what `pool` must survive.

Run as the pool's command; everything else is the real worker.
"""

import os
import signal
import sys
import time
from pathlib import Path

from core.pictures import DecodedPicture
from media import decode, worker

MEGABYTE = 1024 * 1024
real = decode.decode_picture


def odd(path: bytes, **options: object) -> DecodedPicture | None:
    name = path.rpartition(b"/")[2]
    if name.startswith(b"die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith(b"abort"):
        os.abort()
    if name.startswith(b"stop"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if name.startswith(b"hang"):
        Path(os.fsdecode(path) + ".pid").write_text(str(os.getpid()))
        time.sleep(600)
    if name.startswith(b"slow"):
        time.sleep(0.2)
    if name.startswith(b"print"):
        sys.stdout.write("a print\n")
        sys.stdout.flush()
        os.write(1, b"noise" * 100)
        os.write(2, b"noise" * 100)
    if name.startswith(b"bomb"):
        decode.open_image = lambda *_: bytearray(4096 * MEGABYTE)  # type: ignore[assignment,return-value]
    try:
        return real(path, **options)  # type: ignore[arg-type]
    finally:
        decode.open_image = opener


opener = decode.open_image
worker.decode_picture = odd
worker.main()
