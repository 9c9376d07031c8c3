"""Permission is asked again when the outbox is written: what changed holds the contacts concerned back, no others."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import duckdb
import pytest

from dagster_project.decisions import DecisionPolicy, decide, violations, write_outbox
from dagster_project.settings import Settings
from tests.unit.decisions.shop import AS_OF, CHANNELS, FOREVER, START, Campaign, add, add_campaign, shop_with_history


class Contact(NamedTuple):
    plan_ref: str
    customer_id: int
    channel: str
    day: date
    hour: int

    @property
    def at(self) -> datetime:
        return datetime.combine(self.day, time(self.hour), UTC)


@pytest.fixture
def shop(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = shop_with_history(200)
    add_campaign(connection, Campaign("N1", channels={"email": (0.05, 0.0, None), "post": (0.5, 0.0, None)}))
    decide(connection, settings, DecisionPolicy(), AS_OF)
    assert violations(connection) == []
    yield connection
    connection.close()


def planned(shop: duckdb.DuckDBPyConnection, channel: str) -> list[Contact]:
    rows = shop.execute(
        """select plan_ref, customer_id, channel_code, planned_on, planned_hour from decisions.contact_plan
        where not is_control and channel_code = ? order by plan_ref""",
        [channel],
    ).fetchall()
    return [Contact(*row) for row in rows]


def sent(shop: duckdb.DuckDBPyConnection, settings: Settings) -> set[str]:
    refs: set[str] = set()
    for path in write_outbox(shop, settings):
        with path.open(newline="", encoding="utf-8") as file:
            refs |= {row["plan_ref"] for row in csv.DictReader(file)}
    return refs


def withheld(shop: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(shop.execute("select plan_ref, reason from decisions.withheld_contact").fetchall())


def close(shop: duckdb.DuckDBPyConnection, contact: Contact, reason: str) -> None:
    """Let something happen after the plan that stands against one contact."""
    who, before = contact.customer_id, contact.at - timedelta(minutes=1)
    if reason == "no_permission":
        shop.execute("update warehouse.fct_consent set valid_to = ? where customer_id = ?", [before, who])
        add(shop, "fct_consent", [(who, contact.channel, "all", False, before, FOREVER)])
    elif reason == "open_complaint":
        add(shop, "fct_service_case", [(who, 20260701, True, before, None)])
    elif reason == "bounced":
        add(shop, "fct_campaign_contact", [(
            f"B{who}", who, "P0", CHANNELS[contact.channel], None, False, False, False, 20260630, 0, 0,
            before - timedelta(days=1), None, before, None, None,
        )])  # fmt: skip
    elif reason in {"minor", "deleted"}:
        changed = "birth_year = 2015" if reason == "minor" else "is_deleted = true"
        shop.execute(f"update warehouse.dim_customer set {changed} where customer_id = ?", [who])
    else:
        add(shop, "fct_suppression", [(who, None, reason, before, FOREVER)])


@pytest.mark.parametrize(
    "reason", ["no_permission", "open_complaint", "bounced", "minor", "deleted", "deceased", "asked"]
)
def test_what_came_after_the_plan_holds_back_that_contact_alone(
    shop: duckdb.DuckDBPyConnection, settings: Settings, reason: str
) -> None:
    everything = sent(shop, settings)
    assert withheld(shop) == {}
    contact = planned(shop, "email")[0]
    close(shop, contact, reason)
    assert everything - sent(shop, settings) == {contact.plan_ref}
    assert withheld(shop) == {contact.plan_ref: reason}


def test_what_comes_after_the_hour_of_the_contact_does_not_count(
    shop: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    everything, contact = sent(shop, settings), planned(shop, "email")[0]
    later = contact.at + timedelta(minutes=1)
    add(shop, "fct_consent", [(contact.customer_id, "email", "all", False, later, FOREVER)])
    add(shop, "fct_suppression", [(contact.customer_id, None, "asked", later, FOREVER)])
    add(shop, "fct_service_case", [(contact.customer_id, 20260701, True, later, None)])
    assert sent(shop, settings) == everything


def test_what_is_taken_back_lets_the_contact_through_again(shop: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    everything, contact = sent(shop, settings), planned(shop, "email")[0]
    close(shop, contact, "asked")
    assert contact.plan_ref not in sent(shop, settings)
    shop.execute("delete from warehouse.fct_suppression")
    assert sent(shop, settings) == everything
    assert withheld(shop) == {}


def test_a_channel_that_is_closed_leaves_the_others_open(shop: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    everything, post = sent(shop, settings), planned(shop, "post")
    add(shop, "fct_suppression", [(c.customer_id, "email", "asked", START, FOREVER) for c in post])
    assert post
    assert {c.plan_ref for c in post} <= sent(shop, settings) == everything


def test_nobody_on_the_list_is_planned(shop: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    before = planned(shop, "email")
    add(shop, "fct_suppression", [(before[0].customer_id, None, "deceased", START, FOREVER)])
    add(shop, "fct_suppression", [(before[1].customer_id, "email", "asked", START + timedelta(days=5), FOREVER)])
    assert [v.limit for v in violations(shop)] == ["the deceased and the do-not-contact list"]
    decide(shop, settings, DecisionPolicy(), AS_OF)
    assert violations(shop) == []
    after = {c.customer_id for c in planned(shop, "email")}
    assert after.isdisjoint({before[0].customer_id, before[1].customer_id})
    reasons = shop.execute("select reason from decisions.suppression where reason in ('deceased', 'asked')").fetchall()
    assert sorted(reasons) == [("asked",), ("deceased",)]
