"""What importing the packages costs: heavy libraries wait until something needs them."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "open_clip", "transformers", "faiss", "sqlalchemy", "alembic", "PIL", "pyarrow", "pydantic"}


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import core",
        "import core.errors, core.paths, core.queries",
        "import encoders",
        "import semantic_image_search",
        "import cli.main",
    ],
)
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) & HEAVY == set()
