"""How long a fresh process takes to its first answer: started by `benchmarks.million`, prints JSON.

STARTED=$(date +%s.%N) python -m benchmarks.first_answer LIBRARY
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from db import KeptReaders
from db.vectors.engine import load_faiss
from searcher.search import search
from semantic_image_search import open_library


def main() -> None:
    """Seconds from the process's start until all is imported, then from opening the library to its answers."""
    load_faiss()
    assert KeptReaders, search  # loaded on first use, and not within what is timed below
    imports_s = time.time() - float(os.environ["STARTED"])
    folder = Path(sys.argv[1])
    query = np.load(folder / "near.npy")[0]
    answers = []
    library = open_library(folder)
    for _ in range(2):
        before, cpu = time.perf_counter(), time.thread_time()
        library.search(vector=query)
        answers.append((time.perf_counter() - before, time.thread_time() - cpu))
    (first_s, first_cpu_s), (again_s, _) = answers
    print(json.dumps({"imports_s": imports_s, "first_s": first_s, "first_cpu_s": first_cpu_s, "again_s": again_s}))


if __name__ == "__main__":
    main()
