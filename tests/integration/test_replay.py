"""Days lived one after the other: what is replayed is what was published, and history follows late corrections."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project import clock
from dagster_project.operations.replay import replay
from dagster_project.settings import StellaError
from tests.integration.days import Days, midnight, published

pytestmark = pytest.mark.xdist_group("days")
FIRST = date(2026, 6, 13)  # on its evening campaigns are announced
LAST = FIRST + timedelta(days=1)
MEMBERS, PRIORITY = "warehouse.fct_segment_membership", "decisions.campaign_priority"
STRANGER = "nobody-has-told-of-him"
PRODUCT_CORRECTION = "The name that it should have had"


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    lived = Days(tmp_path_factory.mktemp("days"), FIRST, persons=200, days=2)
    lived.live(FIRST)
    correct_a_product(lived)
    consent_of_a_stranger(lived)
    lived.live(LAST)
    clock.set_to(None)
    return lived


def ask(days: Days, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(days.database), read_only=True) as reader:
        return reader.execute(query).fetchall()


def correct_a_product(days: Days) -> None:
    """Deliver, late, what a product was called in the middle of the time in which it was sold."""
    ((ref, at),) = ask(
        days,
        """select product_ref, quantile_disc(ordered_at, 0.5) from warehouse.fct_order_line
        join warehouse.dim_product using (product_key) where not is_inferred
        group by 1 having count(distinct ordered_at) > 5 order by 1 limit 1""",
    )
    with duckdb.connect(str(days.database), read_only=True) as reader:
        row = reader.execute(
            "select * exclude (_extra, _file, _line, _row_hash, _loaded_at) from raw.products where product_ref = ?"
            " order by updated_at limit 1",
            [ref],
        )
        names = [column[0] for column in row.description]
        values = dict(zip(names, row.fetchall()[0], strict=True))
    values |= {"updated_at": at.isoformat(), "name": PRODUCT_CORRECTION}
    with (days.landing / "products" / "late.csv").open("w", newline="") as file:
        csv.writer(file).writerows([names, ["" if v is None else v for v in values.values()]])


def consent_of_a_stranger(days: Days) -> None:
    """Deliver what somebody permitted of whom no registry has told."""
    (days.landing / "consents" / "stranger.csv").write_text(
        "source_system,customer_ref,channel,purpose,effective_at,status\n"
        f"crm,{STRANGER},email,Marketing,2026-06-01T10:00:00+02:00,opt_out\n"
    )


def test_a_replayed_day_is_what_was_published(days: Days) -> None:
    """Every table of the published file, row for row, although more has arrived since and the past was corrected."""
    told, again = days.told[FIRST], published(days.replay(FIRST, until=LAST), FIRST)
    assert sorted(again) == sorted(told)
    assert [name for name, rows in told.items() if again[name] != rows] == []
    for table in (MEMBERS, PRIORITY, "warehouse.fct_order_line", "decisions.campaign_customer_profit"):
        assert told[table]
        assert told[table] != days.told[LAST][table]


def test_nothing_of_a_replay_stays_but_its_file(days: Days) -> None:
    home = days.folder / "home" / days.company.name
    assert [path.name for path in (home / ".replay").iterdir()] == ["run.lock"]
    assert not (home / "replays").exists()


def test_facts_follow_a_late_correction(days: Days) -> None:
    versions = ask(
        days,
        f"""select valid_from, valid_to, name, product_key from warehouse.dim_product where product_ref = (
            select product_ref from warehouse.dim_product where name = '{PRODUCT_CORRECTION}') order by 1""",
    )
    names = [name for _, _, name, _ in versions]
    assert PRODUCT_CORRECTION in names[1:]
    assert all(left[1] == right[0] for left, right in pairwise(versions))
    at, until, _, key = versions[names.index(PRODUCT_CORRECTION)]
    moved = ask(
        days,
        f"""select count(*) filter (where line.ordered_at >= '{at}' and line.ordered_at < '{until}'),
            count(*) filter (where line.product_key = {key}), count(*)
        from warehouse.fct_order_line as line join warehouse.dim_product as product using (product_key)
        where product.product_ref = (select product_ref from warehouse.dim_product where product_key = {key})""",
    )
    within, pointed, all_of_it = moved[0]
    assert 0 < within == pointed < all_of_it  # type: ignore[operator]


def test_the_consent_of_an_unknown_customer_is_told_and_kept(days: Days) -> None:
    """It stands under a number of his own, at which his record finds it when it comes."""
    kept = ask(
        days,
        f"""select consent.status, consent.purpose, customer.is_inferred, customer.customer_id > 0
        from warehouse.bridge_customer_identity as identity
        join warehouse.fct_consent as consent using (customer_id)
        join warehouse.dim_customer as customer using (customer_key)
        where identity.identifier_kind = 'record' and identity.identifier = '{STRANGER}'""",
    )
    assert kept == [("opt_out", "marketing", True, True)]
    assert f"rows whose customer_ref no row of customers has (1 reference, such as '{STRANGER}'): 1" in days.said[LAST]


@pytest.mark.parametrize(
    ("known_at", "said"),
    [
        (FIRST - timedelta(days=1), "nothing had arrived: the first load was at 2026-06-13 04:00:00"),
        (LAST + timedelta(days=1), "2026-06-15: that lies in the future; it is 2026-06-14 07:00"),
    ],
)
def test_a_moment_of_which_nothing_is_known_is_refused(days: Days, known_at: date, said: str) -> None:
    target = days.folder / "never.duckdb"
    with pytest.raises(StellaError, match=said):
        replay(days.session(LAST, hour=7), midnight(known_at), None, target, Console(file=StringIO()))
    clock.set_to(None)
    assert not target.exists()


def test_a_file_that_is_there_is_not_written_over(days: Days, tmp_path: Path) -> None:
    there = tmp_path / "precious.duckdb"
    there.write_text("mine")
    with pytest.raises(StellaError, match="exists already"):
        replay(days.session(LAST, hour=7), midnight(FIRST), None, there, Console(file=StringIO()))
    clock.set_to(None)
    assert there.read_text() == "mine"


@pytest.mark.slow
def test_day_30_of_60_is_replayed_row_for_row(tmp_path: Path) -> None:
    first = date(2026, 5, 2)
    lived = Days(tmp_path, first, persons=200, days=60)
    day, last = first + timedelta(days=29), first + timedelta(days=59)
    for morning in (first + timedelta(days=number) for number in range(60)):
        lived.live(morning, kept=() if morning == day else (MEMBERS, PRIORITY))
    clock.set_to(None)
    again = published(lived.replay(day, until=last), day)
    assert [name for name, rows in lived.told[day].items() if again[name] != rows] == []
    assert len({str(told[PRIORITY]) for told in lived.told.values()}) > 20
    assert len({str(told[MEMBERS]) for told in lived.told.values()}) > 50
