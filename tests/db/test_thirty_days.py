"""A small month: recall and time hold while pictures come, go and drift, and each kind of upkeep has its day."""

from benchmarks.thirty_days import LEAST_RECALL, Month, run


def test_recall_holds_while_a_library_lives() -> None:
    month = Month(start=3_000, daily=300, removed=300, days=8, dim=64, queries=25, exact_below=1_000)
    result = run(month)
    days = result["days"]
    assert isinstance(days, list)
    assert [day["live_rows"] for day in days] == [3_000] * 8
    assert min(min(day["recall_image"], day["recall_text"]) for day in days) >= LEAST_RECALL
    done = [day["done"] for day in days]
    assert {"nothing", "compact"} <= set(done)
    assert {"extend", "rebuild"} & set(done)
    for day in days:
        assert day["dead_rows"] <= 0.2 * (day["live_rows"] + day["dead_rows"])
        assert (day["tail_rows"] == 0) == (day["done"] != "nothing")
        assert day["tail_rows"] <= 8 * (day["live_rows"] + day["dead_rows"]) ** 0.5
