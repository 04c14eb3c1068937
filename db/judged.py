"""What a judge thought of captions before, held against another bar: nothing is looked at again for that."""

from db.caption_texts import settle_texts
from db.connect import Store, transaction

_TO_CHANGE = "judge = :judge AND match IS NOT NULL AND kept <> (match >= :least)"


def hold_to(store: Store, *, judge: str, least: float) -> tuple[int, int]:
    """Every caption this judge judged is kept from `least` on; how many come back by it, and how many go."""
    given = {"judge": judge, "least": least}
    with transaction(store) as conn:
        back, gone = conn.exec_driver_sql(
            f"SELECT coalesce(sum(NOT kept), 0), coalesce(sum(kept), 0) FROM caption WHERE {_TO_CHANGE}", given
        ).one()
        conn.exec_driver_sql(f"UPDATE caption SET kept = (match >= :least) WHERE {_TO_CHANGE}", given)
        settle_texts(conn)
    return int(back), int(gone)
