"""How faiss is loaded: late, and without leaving a trace in the environment or in the thread's settings."""

import os
import subprocess
import sys

import pytest

from db.vectors.engine import load_faiss, one_thread
from tests.conftest import PROJECT


def python(code: str, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")} | given
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT, env=environment
    )


def test_importing_the_package_does_not_import_faiss() -> None:
    assert python("import sys, db.vectors; print('faiss' in sys.modules)").stdout == "False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="how GNU's OpenMP says what it read")
@pytest.mark.parametrize(
    ("given", "read", "after"),
    [({}, "PASSIVE", "None\n"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE", "ACTIVE\n")],
)
def test_idle_threads_sleep_unless_told_otherwise(given: dict[str, str], read: str, after: str) -> None:
    ran = python(
        "import os; from db.vectors.engine import load_faiss; load_faiss(); print(os.environ.get('OMP_WAIT_POLICY'))",
        OMP_DISPLAY_ENV="true",
        **given,
    )
    assert f"OMP_WAIT_POLICY = '{read}'" in ran.stderr
    assert ran.stdout == after


@pytest.mark.parametrize("threads", [2, 3])
def test_one_thread_is_for_its_block_only(threads: int) -> None:
    faiss = load_faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        with one_thread():
            assert faiss.omp_get_max_threads() == 1
        assert faiss.omp_get_max_threads() == threads
    finally:
        faiss.omp_set_num_threads(before)
