"""A day on which feeds name records that the registry does not date: it ends in what reading every row ends in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from dagster_project.identity import resolve
from tests.unit.identity.registry import Registry

EVE, DAY = "2026-01-01 04:00:00+00", "2026-01-02 04:00:00+00"
KNOWN_TO = datetime.fromisoformat("2026-01-01T12:00:00+00:00")


def _eve(registry: Registry) -> None:
    """Two undated records that share an e-mail, a dated one that buys, and three that only the feeds name."""
    registry.loaded_at = EVE
    for ref in ("q1", "q2"):
        registry.person(ref, registered_at=None, email="q@example.org")
    registry.person("p", registered_at="2020-01-01 00:00:00+00")
    for ref, seen_at in {"q1": "2025-03-01", "q2": "2025-04-01", "p": "2025-02-01", "a": "2025-05-01"}.items():
        registry.add("order_lines", order_ref=f"o{ref}", customer_ref=ref, ordered_at=seen_at)
    registry.add("contacts", customer_ref="a")
    registry.add("contacts", customer_ref="p", occurred_at="2025-01-15 00:00:00+00")
    registry.add("loyalty_entries", customer_ref="b", referred_customer_ref="c")
    registry.loaded_at = DAY


def _late(registry: Registry) -> None:
    registry.add("returns", customer_ref="q2", returned_at="2024-01-01 00:00:00+00")
    registry.add("order_lines", order_ref="late", customer_ref="q2", ordered_at="2023-01-01 00:00:00+00")


def _new(registry: Registry) -> None:
    registry.add("web_events", customer_ref="d")
    registry.add("web_events", customer_ref="p")


def _corrected(registry: Registry) -> None:
    registry.connection.execute("delete from staging.stg_order_lines where order_ref in ('oa', 'oq1')")
    registry.add("order_lines", order_ref="oa", customer_ref="e", ordered_at="2025-05-01")
    registry.add("order_lines", order_ref="oq1", customer_ref="q1", ordered_at="2025-06-01")


def _nobody(registry: Registry) -> None:
    registry.connection.execute("delete from staging.stg_loyalty_entries")
    registry.add("loyalty_entries", customer_ref=None)


def _dated(registry: Registry) -> None:
    registry.change("q2", registered_at="2019-01-01 00:00:00+00")
    registry.person("a", registered_at="2024-01-01 00:00:00+00")


def _undated(registry: Registry) -> None:
    registry.change("p", registered_at=None)


def _gone(registry: Registry) -> None:
    registry.connection.execute("delete from staging.stg_customers where customer_ref in ('p', 'q2')")
    registry.add("order_lines", order_ref="after", customer_ref="p", ordered_at="2025-12-01")


BELIEVED = (
    "select * exclude (believed_from, believed_to) from intermediate.identity_ledger "
    "where believed_to is null order by all"
)


def _said(registry: Registry) -> list[list[tuple[object, ...]]]:
    return [
        registry.connection.execute(query).fetchall()
        for query in (
            BELIEVED,
            "from intermediate.identity_mention order by all",
            "from intermediate.identity_mention_read order by all",
        )
    ]


@pytest.mark.parametrize("change", [_late, _new, _corrected, _nobody, _dated, _undated, _gone])
def test_a_day_ends_in_what_every_row_says(change: Callable[[Registry], None]) -> None:
    grown, at_once = Registry(), Registry()
    for registry in (grown, at_once):
        _eve(registry)
    resolve(grown.connection, believed_at=KNOWN_TO)
    before = _said(grown)
    for registry in (grown, at_once):
        change(registry)
    resolve(grown.connection, loaded_after=KNOWN_TO)
    resolve(at_once.connection)
    assert _said(grown) == _said(at_once) != before


def test_a_record_that_the_registry_dates_is_not_remembered() -> None:
    registry = Registry()
    _eve(registry)
    resolve(registry.connection)
    remembered = {ref for _, _, ref, _ in _said(registry)[1]}
    assert remembered == {"q1", "q2", "a", "b", "c"}


def test_rows_that_the_last_run_knew_are_not_read_again() -> None:
    """They cannot have changed, unless one of them is gone."""
    registry = Registry()
    _eve(registry)
    resolve(registry.connection)
    registry.connection.execute("update staging.stg_contacts set customer_ref = 'x' where customer_ref = 'a'")
    _new(registry)
    resolve(registry.connection, loaded_after=KNOWN_TO)
    assert not {("crm", "x")} & registry.believed().keys()
    assert ("crm", "d") in registry.believed()


def test_a_day_that_fails_leaves_what_was_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    _eve(registry)
    resolve(registry.connection)
    tables = "identity_mention", "identity_mention_read", "identity_registry", "identity_registry_feature"
    before = [registry.connection.execute(f"from intermediate.{table} order by all").fetchall() for table in tables]
    _gone(registry)
    _late(registry)
    monkeypatch.setattr("dagster_project.identity.mentions._READ_NEW", "select error('stopped')")
    with pytest.raises(Exception, match="stopped"):
        resolve(registry.connection, loaded_after=KNOWN_TO)
    assert [registry.connection.execute(f"from intermediate.{t} order by all").fetchall() for t in tables] == before
