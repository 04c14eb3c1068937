"""Ctrl-C, as the program sees it: the first waits for the batch that is being encoded, the second for nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from tests.conftest import PROJECT

SLOW = """
import sys, time
import semantic_image_search
from cli import context, main
from tests.fakes import FakeEncoder

class Slow(FakeEncoder):
    def encode_pixels(self, pixels):
        print("encoding", flush=True)
        time.sleep(100)
        return super().encode_pixels(pixels)

context.open_library = lambda path=None, **named: semantic_image_search.open_library(path, model=Slow(size=8))
if __name__ == "__main__":  # the workers read this file, too
    sys.exit(main.main())
"""


def test_a_second_ctrl_c_does_not_wait_for_what_is_being_encoded(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "photos" / "red.png")
    program = tmp_path / "slow.py"
    program.write_text(SLOW)
    running = subprocess.Popen(
        [sys.executable, str(program), "index", str(tmp_path / "photos"), "--library", str(tmp_path / "library")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PATH": ""},
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "encoding\n"
    running.send_signal(signal.SIGINT)
    time.sleep(1)
    assert running.poll() is None, "the first lets the batch be finished"
    pressed = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.splitlines()[-1] == "search: stopped"
    assert time.monotonic() - pressed < 50, "the batch takes 100 s"
