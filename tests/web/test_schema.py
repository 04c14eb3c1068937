"""The whole API against its own description: whatever schemathesis makes of it, the server answers as it says.

What fits the description may make no sense (400), be no picture (415, or damaged: 422) or not be there (404), but is
never misunderstood; what does not fit it is refused.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from tests.web import job_program
from tests.web.conftest import Served, as_asked_by
from web.access.scopes import Scope
from web.app import create_app
from web.jobs.jobs import Jobs

if TYPE_CHECKING:
    from starlette.types import ASGIApp

ANSWERS = ["2xx", "3xx", "400", "403", "404", "409", "415", "416", "422"]
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": ANSWERS}}}
EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 6}  # of each operation


@pytest.fixture
def app(served: Served, tmp_path: Path) -> Iterator["ASGIApp"]:
    """A server whose jobs index nothing."""
    jobs = Jobs((sys.executable, job_program.__file__, "done", str(tmp_path)))
    yield as_asked_by(Scope.OWNER, create_app(replace(served.parts, jobs=jobs)))
    jobs.close()


@pytest.mark.parametrize("mode", EXAMPLES)
def test_the_server_answers_as_it_describes_itself(app: "ASGIApp", mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, config=schemathesis.Config.from_dict(CONFIG))
    operations = [found.ok() for found in schema.get_all_operations()]
    if mode is GenerationMode.NEGATIVE:  # what takes nothing cannot be asked wrongly
        operations = [one for one in operations if one.body or one.query or one.headers]
    troubles = []
    for operation in operations:
        try:
            _asking(operation, mode)()
        except* Exception as trouble:  # noqa: BLE001 - each operation has its say
            troubles.append(f"{operation.label}: {trouble.exceptions}")
    assert not troubles, "\n\n".join(troubles)


def _asking(operation: APIOperation, mode: GenerationMode) -> Callable[[], None]:
    @settings(
        derandomize=True,
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        answer = case.call_and_validate()
        if answer.status_code == 422 and mode is GenerationMode.POSITIVE:
            assert answer.json()["code"] != "not_understood", answer.json()["detail"]

    return ask
