"""The one clock of the house: whoever needs to know what time it is asks here.

Belongs here: the present moment. Does not belong here: the day to score and decide for (`ingestion/as_of.py`), or how
long a step took (`time.perf_counter`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_set_moment: datetime | None = None


def now() -> datetime:
    """Tell the present moment, with offset UTC; or the one that the clock was set to."""
    return _set_moment or datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """Tell the day that it is in a time zone."""
    return now().astimezone(zone).date()


def set_to(moment: datetime | None) -> None:
    """Set the clock to a moment (with offset), at which it stands still; None lets it run again."""
    global _set_moment  # noqa: PLW0603 - a clock is one for the whole house
    _set_moment = moment.astimezone(UTC) if moment else None
