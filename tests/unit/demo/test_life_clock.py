from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.companies.demo import ProfileError, load_profile
from sources.companies.demo.business_clock import BusinessClock, business_clock
from sources.companies.demo.chance import Chance
from sources.companies.demo.market import draw_market

HOUR = 3600


def _clock(**hours: object) -> BusinessClock:
    profile = load_profile("world", **({"service__open_hours": hours} if hours else {}))
    return business_clock(profile, draw_market(profile, Chance(1)))


CLOCK = _clock()


def _rome(text: str) -> np.ndarray:
    return np.array([int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Rome")).timestamp())])


@pytest.mark.parametrize(
    ("opened", "hours", "answered"),
    [
        ("2025-03-05T10:00", 2.5, "2025-03-05T12:30"),  # a Wednesday
        ("2025-03-05T18:00", 2.0, "2025-03-06T10:00"),  # over a night
        ("2025-03-05T03:00", 0.0, "2025-03-05T09:00"),  # before the opening
        ("2025-03-08T12:00", 2.0, "2025-03-10T10:00"),  # over a Sunday; Saturdays end at one
        ("2025-03-29T12:00", 2.0, "2025-03-31T10:00"),  # the clocks are put forward in between
        ("2025-04-18T18:00", 6.0, "2025-04-22T10:00"),  # over Easter Monday
        ("2025-12-24T18:30", 1.0, "2025-12-27T09:30"),  # over two holidays
        ("2025-03-05T10:00", 54.0, "2025-03-12T10:00"),  # a week
    ],
)
def test_business_hours_pass_while_the_teams_work(opened: str, hours: float, answered: str) -> None:
    assert CLOCK.after(_rome(opened), np.array([hours])).tolist() == _rome(answered).tolist()


@settings(max_examples=50)
@given(st.integers(0, 700 * 24 * HOUR), st.floats(0, 500))
def test_the_clock_says_how_long_it_took(second: int, hours: float) -> None:
    opened = _rome("2024-07-01T00:00") + second
    ended = CLOCK.after(opened, np.array([hours]))
    assert (CLOCK.read(ended) - CLOCK.read(opened)).tolist() == [int(hours * HOUR)]
    assert CLOCK.is_open(ended).all()
    assert (ended >= opened).all()


def test_a_company_that_never_closes_has_hours_of_the_clock() -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    opened = _rome("2025-03-05T10:00")
    (ended,) = _clock(**dict.fromkeys(days, (0, 24))).after(opened, np.array([100.0]))
    assert timedelta(seconds=int(ended - opened[0])) == timedelta(hours=100)


@pytest.mark.parametrize("hours", [{"monday": (19, 9)}, {"moonday": (9, 19)}, {"monday": (9, 25)}, {}])
def test_hours_that_are_none_are_refused(hours: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(ProfileError, match="open_hours"):
        load_profile("world", service__open_hours=hours)
