"""A program in the place of `web.jobs.child`: says what its test told it to, and heeds the end of stdin.

python job_program.py done|crash|problem|wait|deaf FOLDER
"""

import json
import os
import sys
import time
from pathlib import Path

REPORT = dict.fromkeys(
    ("added", "changed", "moved", "unchanged", "removed", "offline", "skipped", "ignored", "embedded", "captions"), 0
) | {"seconds": 0.5, "interrupted": False, "model": "fake", "problems": [], "notices": [], "notice_details": []}


def say(kind: str, value: object) -> None:
    sys.stdout.write(json.dumps({kind: value}) + "\n")
    sys.stdout.flush()


def main(what: str, folder: Path) -> None:
    (folder / "wanted.json").write_bytes(os.read(0, 100_000))
    say("progress", {"stage": "index", "done": 3, "total": 7, "skipped": 1, "note": ""})
    if what == "done":
        say("done", REPORT)
    elif what == "problem":
        say("problem", {"type": "about:blank", "title": "x", "status": 409, "detail": "no", "code": "library_locked"})
    elif what == "crash":
        os.abort()
    elif what == "wait":
        while os.read(0, 1_000):
            pass
        say("done", REPORT | {"interrupted": True, "embedded": 3})
    elif what == "deaf":
        (folder / "deaf").write_text(str(os.getpid()))
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
