"""The same world, byte for byte, whatever the threads and the day at which one stops; two policies share their luck."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources.companies.demo import PlanError, ProfileError, load_profile, respond, simulate
from tests.unit.demo.core_play import query

SHORT = {"start": "2026-05-01", "end": "2026-07-01", "horizon_days": 60}
SOON = date(2026, 5, 27)


def _profile(customers: int = 600, **more: object):
    campaign = {"objective": "retain", "offer": "discount_pct", "offer_value": 10, "days": 3, "eligibility": "all",
                "channels": ["email", "app"], "base_effect": 0.2, "drift": 0.0, "random_share": 1.0,
                "contact_share": 0.6, "control_pct": 20, "budget": 100}  # fmt: skip
    campaigns = [
        campaign | {"name": "Past", "starts": "2026-05-20"},
        campaign | {"name": "Planned", "starts": "2026-07-06"},
    ]
    return load_profile(customers=customers, campaigns=campaigns, chunk_persons=1000, **SHORT, **more)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_runs_and_two_thread_counts_give_the_same_bytes(tmp_path: Path) -> None:
    profile = _profile(customers=1200)
    for name, threads in (("once", 1), ("again", 1), ("threads", 3)):
        simulate(profile, tmp_path / name / "landing", tmp_path / name / "truth", threads=threads)
    first = _digests(tmp_path / "once")
    assert len(first) > 40
    assert _digests(tmp_path / "again") == first
    assert _digests(tmp_path / "threads") == first


def test_another_seed_is_another_world(tmp_path: Path) -> None:
    for seed in (1, 2):
        simulate(_profile(seed=seed), tmp_path / str(seed) / "landing", tmp_path / str(seed) / "truth")
    one, two = (_digests(tmp_path / str(seed) / "landing") for seed in (1, 2))
    assert one["customers/customers.csv"] != two["customers/customers.csv"]


def test_stopping_on_the_way_changes_nothing(tmp_path: Path) -> None:
    profile, middle = _profile(customers=300), date(2026, 5, 22)  # the middle of a campaign
    simulate(profile, tmp_path / "whole", tmp_path / "truth_whole", SOON, by_day=True)
    simulate(profile, tmp_path / "parts", tmp_path / "truth_parts", middle, by_day=True)
    simulate(profile, tmp_path / "parts", tmp_path / "truth_parts", SOON, by_day=True, since=middle)
    whole = _digests(tmp_path / "whole")
    assert any("2026-05-21" in name for name in whole)
    assert any("2026-05-25" in name for name in whole)
    assert _digests(tmp_path / "parts") == whole


def _rows(folder: Path, feed: str) -> list[tuple[object, ...]]:
    """Read a feed's rows, whatever its files."""
    files = sorted((folder / feed).iterdir())
    suffix = files[0].name.split(".", 1)[1]
    if suffix == "parquet":
        reader = f"read_parquet('{folder}/{feed}/*')"
    elif "jsonl" in suffix:
        reader = f"read_json('{folder}/{feed}/*', union_by_name = true, maximum_object_size = 10000000)"
    else:
        reader = f"read_csv('{folder}/{feed}/*', all_varchar = true, union_by_name = true)"
    return sorted(query(f"select * from {reader}"), key=str)


def test_day_by_day_equals_all_at_once(tmp_path: Path) -> None:
    profile = _profile(customers=250, faults={"scale": 0})
    simulate(profile, tmp_path / "days", tmp_path / "truth", SOON, by_day=True)
    simulate(profile, tmp_path / "bulk", tmp_path / "truth", SOON)
    for feed in ("customers", "order_lines", "campaign_contacts", "campaign_responses", "web_events"):
        rows = _rows(tmp_path / "bulk", feed)
        assert rows
        assert _rows(tmp_path / "days", feed) == rows


def _plan(truth: Path, *, contacted: bool, day: date = date(2026, 7, 8)) -> pa.Table:
    """Plan one contact for every person with a record, or hold everybody out."""
    records = pq.read_table(truth / "person_record.parquet")
    rows = np.flatnonzero(np.asarray(records["record_id"]) % 8 == 0)
    chosen = records.take(pa.array(rows)).select(["source_system", "customer_ref"])
    campaign = (
        pq.read_table(truth / "campaign.parquet").filter(pa.compute.field("is_planned"))["campaign_ref"][0].as_py()
    )
    count = len(rows)
    return (
        chosen.append_column("campaign_ref", pa.array([campaign] * count))
        .append_column("channel_code", pa.array(["email"] * count))
        .append_column("planned_on", pa.array([day] * count))
        .append_column("planned_hour", pa.array([11] * count))
        .append_column("is_control", pa.array([not contacted] * count))
        .append_column("plan_ref", pa.array([f"plan-{n}" for n in range(count)]))
    )


def _played(tmp_path: Path, name: str, *, contacted: bool) -> Path:
    folder = tmp_path / name
    simulate(_profile(), folder / "landing", folder / "truth")
    respond(_plan(folder / "truth", contacted=contacted), folder / "landing", folder / "truth")
    return folder


def test_two_policies_differ_only_by_what_they_do(tmp_path: Path) -> None:
    sent, held = (_played(tmp_path, name, contacted=name == "sent") for name in ("sent", "held"))
    tables = {name: pq.read_table(folder / "truth" / "order.parquet") for name, folder in (("s", sent), ("h", held))}
    only_sent = query(
        "select cause, count(*) from (select * from s where order_ref not in (select order_ref from h)) group by 1",
        **tables,
    )
    assert dict(only_sent).keys() <= {"extra", "brought_forward", "sequence"}
    contacts = pq.read_table(sent / "truth" / "campaign_contact.parquet")
    expected, caused = query(
        "select sum(greatest(delta, 0)), count(caused_order_ref) from c where assignment = 'plan'", c=contacts
    )[0]
    assert caused == pytest.approx(expected, abs=4 * np.sqrt(expected))
    shared = query(
        "select count(*) from s join h using (order_ref) "
        "where (s.day, s.value_home, s.cause) != (h.day, h.value_home, h.cause)",
        **tables,
    )
    assert shared == [(0,)]


def test_a_plan_appends_to_the_feeds_and_leaves_what_is_there(tmp_path: Path) -> None:
    simulate(_profile(), tmp_path / "landing", tmp_path / "truth")
    before = _digests(tmp_path / "landing")
    rows = respond(_plan(tmp_path / "truth", contacted=True), tmp_path / "landing", tmp_path / "truth")
    after = _digests(tmp_path / "landing")
    assert {name: after[name] for name in before} == before
    assert rows["campaign_contacts"] > 300
    assert rows["campaign_responses"] > 300
    assert rows["order_lines"] > 0
    until = date.fromisoformat(json.loads((tmp_path / "truth" / "world.json").read_text())["until"])
    assert until == date(2026, 7, 8) + timedelta(days=22)
    added = f"{tmp_path}/landing/campaign_contacts/*_*-*"
    plan_refs = query(f"select count(distinct plan_ref) from read_csv('{added}', all_varchar = true)")
    assert plan_refs[0][0] == rows["campaign_contacts"]


def test_a_second_plan_goes_on_from_the_first(tmp_path: Path) -> None:
    simulate(_profile(), tmp_path / "landing", tmp_path / "truth")
    first = _plan(tmp_path / "truth", contacted=True)
    respond(first, tmp_path / "landing", tmp_path / "truth", until=date(2026, 7, 15))
    second = _plan(tmp_path / "truth", contacted=True, day=date(2026, 7, 16))
    respond(second, tmp_path / "landing", tmp_path / "truth")
    contacts = pq.read_table(tmp_path / "truth" / "campaign_contact.parquet")
    days = query("select day, count(*) from c where assignment = 'plan' group by 1 order by 1", c=contacts)
    assert [count for _, count in days] == [first.num_rows, second.num_rows]
    [(fresh, tired)] = query(
        "select avg(abs(a.delta)), avg(abs(b.delta)) from c a join c b using (person_id, channel) "
        "where a.assignment = 'plan' and b.assignment = 'plan' and a.day < b.day",
        c=contacts,
    )
    assert 0.75 * fresh < tired < 0.95 * fresh


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop_columns(["customer_ref"]), "no column customer_ref"),
        (lambda t: t.set_column(0, "source_system", pa.array(["till"] * t.num_rows)), "unknown customers"),
        (lambda t: t.set_column(2, "campaign_ref", pa.array(["K0"] * t.num_rows)), "unknown campaign K0"),
        (lambda t: t.set_column(3, "channel", pa.array(["pigeon"] * t.num_rows)), "unknown channel pigeon"),
        (lambda t: t.set_column(4, "day", pa.array([date(2026, 6, 1)] * t.num_rows)), "are over"),
        (lambda t: t.set_column(4, "day", pa.array([date(2027, 6, 1)] * t.num_rows)), "horizon"),
        (lambda t: t.set_column(4, "day", pa.array(["soon"] * t.num_rows)), "column day"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(tmp_path: Path, change, says: str) -> None:
    simulate(_profile(customers=60), tmp_path / "landing", tmp_path / "truth")
    before = _digests(tmp_path)
    with pytest.raises(PlanError, match=says):
        respond(change(_plan(tmp_path / "truth", contacted=True)), tmp_path / "landing", tmp_path / "truth")
    assert _digests(tmp_path) == before


def test_a_plan_needs_a_world(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="simulate one first"):
        respond(pa.table({}), tmp_path / "landing", tmp_path / "truth")


def test_days_outside_of_the_world_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="lies outside of the world"):
        simulate(_profile(), tmp_path / "landing", tmp_path / "truth", until=date(2031, 1, 1))
