"""What a plan has added is the world with it less the same world without it, counted from the feeds alone."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.companies.demo import advance, load_profile, respond, simulate
from sources.companies.demo.profile import Profile
from tests.unit.demo.core_play import query

CONTACT_COST, POINTS, POINT_VALUE = 0.05, 300.0, 0.01
SENT_ON, UNTIL = date(2026, 7, 8), date(2026, 8, 20)


def _profile(offer: str = "discount_pct", value: float = 10) -> Profile:
    campaign = {"name": "Planned", "objective": "retain", "offer": offer, "offer_value": value, "days": 3,
                "starts": "2026-07-06", "eligibility": "all", "channels": ["email"], "base_effect": 0.4, "drift": 0.0,
                "random_share": 1.0, "contact_share": 0.6, "control_pct": 20, "budget": 100}  # fmt: skip
    italy = {"share": 1.0, "currency": "EUR", "languages": {"it": 1.0}, "time_zone": "Europe/Rome", "tax_rate": 0.22}
    world: dict[str, Any] = {
        "start": "2026-03-01", "end": "2026-07-01", "horizon_days": 90, "chunk_persons": 1000, "campaigns": [campaign],
        "faults": {"scale": 0}, "population__countries": {"IT": italy}, "contacts__point_value": POINT_VALUE,
        "contacts__negative_share": 0.2, "web__tracked_share": 0.0, "network__account_share": 0.0,
    }  # fmt: skip
    return load_profile(customers=1400, **world)


def _plan(truth: Path, every: int = 2) -> pa.Table:
    """Contact every second person by his first record, hold the others out, and write to one that nobody is."""
    records = pq.read_table(truth / "person_record.parquet").filter(pa.compute.field("record_id") >= 0)
    firsts = records.take(pa.array(np.flatnonzero(np.asarray(records["record_id"]) % 8 == 0)))
    held = np.asarray(firsts["person_id"]) % every != 0
    campaign = pq.read_table(truth / "campaign.parquet")["campaign_ref"][0].as_py()
    known = {"source_system": firsts["source_system"].to_pylist(), "customer_ref": firsts["customer_ref"].to_pylist()}
    count = len(held) + 1
    return pa.table(
        {
            "source_system": [*known["source_system"], "crm"],
            "customer_ref": [*known["customer_ref"], "nobody"],
            "campaign_ref": [campaign] * count,
            "channel": ["email"] * count,
            "day": [SENT_ON] * count,
            "is_control": [*held.tolist(), False],
            "plan_ref": [f"p{n}" for n in range(count)],
        }
    )


def _world(home: Path, profile: Profile, *, with_plan: bool) -> Path:
    simulate(profile, home / "landing", home / "truth")
    if with_plan:
        respond(_plan(home / "truth"), home / "landing", home / "truth", UNTIL)
    else:
        advance(home / "landing", home / "truth", UNTIL)
    return home


def _margin(home: Path) -> tuple[int, float]:
    """Count orders and their margin by the feeds alone: the last word on each line, less what came back."""
    ((orders, margin),) = query(
        f"""
        with word as (from read_csv('{home}/landing/order_lines/*', union_by_name = true)),
        line as (
            from word qualify row_number() over (
                partition by source_system, order_ref, line_number order by updated_at desc) = 1
        ),
        kept as (from line where status = 'completed'),
        back as (
            select coalesce(sum(gone.importo - gone.quantita * kept.unit_cost), 0) as margin
            from read_csv('{home}/landing/returns/*', union_by_name = true) as gone
            inner join kept on gone.cassa = kept.source_system and gone.ordine = kept.order_ref
                and gone.articolo = kept.product_ref
        )
        select count(distinct (source_system, order_ref)),
            sum(net_amount - quantity * unit_cost) - (select margin from back) from kept"""
    )
    return int(orders), float(margin)


@pytest.fixture(scope="module", params=["discount_pct", "points"])
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    profile = _profile(request.param, POINTS if request.param == "points" else 10)
    home = tmp_path_factory.mktemp("worlds")
    return _world(home / "with", profile, with_plan=True), _world(home / "without", profile, with_plan=False)


def test_profit_is_the_difference_between_two_worlds(worlds: tuple[Path, Path]) -> None:
    sent, held = worlds
    profit = pq.read_table(sent / "truth" / "plan_profit.parquet")
    (orders, margin), (fewer, less) = _margin(sent), _margin(held)
    redeemed = query(
        f"select count(*) from '{sent}/truth/order.parquet'"
        " where redeemed_campaign_ref is not null and not is_cancelled and value_home = paid_home"
    )[0][0]
    gifts = redeemed * POINTS * POINT_VALUE
    assert (gifts > 0) == (redeemed > 0)
    added = query("select sum(order_count), sum(margin), sum(profit), sum(contact_cost) from p", p=profit)[0]
    assert added[0] == orders - fewer
    assert added[1] == pytest.approx(margin - less - gifts, abs=0.01 * len(profit))
    assert added[2] == pytest.approx(added[1] - added[3], abs=0.01)
    assert abs(added[1]) > 100, "there is something to add up"


def test_each_contact_is_counted_once_and_nobody_else(worlds: tuple[Path, Path]) -> None:
    sent, _ = worlds
    profit, plan = (pq.read_table(sent / "truth" / name) for name in ("plan_profit.parquet", "plans/0000.parquet"))
    persons = [person for person in profit["person_id"].to_pylist() if person is not None]
    assert len(set(persons)) == len(persons) == profit.num_rows - 1
    assert sum(profit["contact_count"].to_pylist()) == plan.num_rows - sum(plan["is_control"].to_pylist())
    nobody = profit.filter(pa.compute.is_null(profit["person_id"])).to_pylist()
    assert [(row["contact_count"], row["margin"]) for row in nobody] == [(1, 0.0)]
    assert [-row["profit"] for row in nobody] == [row["contact_cost"] for row in nobody] != [0.0]


def test_without_a_plan_nothing_was_added(worlds: tuple[Path, Path]) -> None:
    assert not (worlds[1] / "truth" / "plan_profit.parquet").exists()


def test_profit_grows_with_the_days_however_they_are_told(tmp_path: Path) -> None:
    profile, early = _profile(), SENT_ON + timedelta(days=4)
    found = {}
    for name, ahead in (("ahead", 60), ("step", 0)):
        landing, truth = tmp_path / name / "landing", tmp_path / name / "truth"
        simulate(profile, landing, truth)
        respond(_plan(truth), landing, truth, early, ahead=ahead)
        first = pq.read_table(truth / "plan_profit.parquet")
        advance(landing, truth, UNTIL)
        found[name] = first.to_pylist(), pq.read_table(truth / "plan_profit.parquet").to_pylist()
    assert found["ahead"] == found["step"]
    first, last = ([row["order_count"] for row in rows] for rows in found["step"])
    assert 0 < sum(first) != sum(last)
