from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from dagster_project.ingestion.as_of import resolve
from dagster_project.ingestion.company import load_company
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import Door, order, orders


def day(door: Door) -> date:
    return resolve(door.connection, door.settings, load_company(door.folder, door.contracts), door.contracts)


def test_as_of_wins(door: Door) -> None:
    door.knobs["as_of"] = date(2020, 2, 29)
    assert day(door) == date(2020, 2, 29)


def test_a_live_company_lives_today(door: Door) -> None:
    door.company(zone="Pacific/Kiritimati")
    assert day(door) == datetime.now(UTC).astimezone(ZoneInfo("Pacific/Kiritimati")).date()


def test_a_historical_company_lives_the_day_after_its_last_event(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  contacts: 'contact*'", "calendar: historical")
    door.put("order.csv", orders(order(at="2019-12-30")))
    door.put("contact.csv", "contact_ref,channel,direction,occurred_at\n1,web,inbound,2019-12-31T23:30:00Z\n")
    door.load()
    door.load("contacts")
    assert day(door) == date(2020, 1, 2)


def test_a_historical_company_without_events_is_told(door: Door) -> None:
    door.company(more="calendar: historical")
    with pytest.raises(StellaError, match="no event has been loaded"):
        day(door)
