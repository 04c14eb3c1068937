"""What recall may be asked for, and who asks."""

import pytest

from core.errors import UsageError
from core.recall import DEFAULT_RECALL, check_recall
from core.settings import load_settings


@pytest.mark.parametrize("recall", [None, 0.5, 0.99, 0.999])
def test_what_may_be_asked_for(recall: float | None) -> None:
    check_recall(recall)


@pytest.mark.parametrize("recall", [0.0, 0.49, 1.0, 99.0, float("nan")])
def test_what_may_not(recall: float) -> None:
    with pytest.raises(UsageError, match=r"recall must be from 0\.5 to 0\.999, and is "):
        check_recall(recall)


def test_only_a_recall_that_somebody_names_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load_settings().recall, load_settings().asked_recall) == (DEFAULT_RECALL, None)
    monkeypatch.setenv("SEARCH_RECALL", "0.99")
    assert load_settings().asked_recall == 0.99
    monkeypatch.setenv("SEARCH_RECALL", "1")
    with pytest.raises(UsageError, match=r"the setting recall \(SEARCH_RECALL, .* must be less than or equal to 0.999"):
        load_settings()
