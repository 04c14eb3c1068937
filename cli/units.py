"""Numbers as people read them: counts, sizes, times. Pure text, no printing."""

from datetime import datetime


def count(number: int) -> str:
    """12400 as "12,400"."""
    return f"{number:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """1 as "1 picture", 12400 as "12,400 pictures"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(size_bytes: int) -> str:
    """Bytes in decimal units, as download pages and disks count them: 605 MB."""
    amount = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def span(seconds: float) -> str:
    """A length of time: "0.4 s", "42 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def rate(per_second: float) -> str:
    """Pictures per second, with as many digits as mean something."""
    return f"{per_second:.1f}" if per_second < 100 else f"{per_second:,.0f}"


def recalls(picture: float, text: float, *, captions: bool = False) -> str:
    """An index's recall@10 for both kinds of query. Among captions it is texts that lie near, and pictures far away."""
    near, far = ("text", "picture") if captions else ("picture", "text")
    return f"recall@10 {picture:.3f} by {near}, {text:.3f} by {far}"


def minute(moment: datetime) -> str:
    """A moment to the minute: "2019-05-01 12:00"."""
    return moment.replace(tzinfo=None).isoformat(" ", "minutes")
