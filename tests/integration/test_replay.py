"""Days lived one after the other: what is replayed is what was published, and history follows late corrections."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from io import StringIO
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project import clock
from dagster_project.operations.publishing_again import publish_again
from dagster_project.operations.replay import replay
from dagster_project.publishing.publish import LINK
from dagster_project.settings import StellaError
from tests.integration.days import Days, midnight, published
from tests.integration.late import PRODUCT_NAME, TOWN, Late, tell_late

pytestmark = pytest.mark.xdist_group("days")
FIRST = date(2026, 6, 13)  # on its evening campaigns are announced
LAST = FIRST + timedelta(days=1)
MEMBERS, PRIORITY = "warehouse.fct_segment_membership", "decisions.campaign_priority"
STRANGER = "nobody-has-told-of-him"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Days, Late]:
    days = Days(tmp_path_factory.mktemp("days"), FIRST, persons=200, days=2)
    days.live(FIRST)
    late = tell_late(days.database, days.landing)
    consent_of_a_stranger(days)
    days.live(LAST)
    clock.set_to(None)
    return days, late


@pytest.fixture(scope="module")
def days(lived: tuple[Days, Late]) -> Days:
    return lived[0]


@pytest.fixture(scope="module")
def late(lived: tuple[Days, Late]) -> Late:
    return lived[1]


@pytest.fixture(scope="module")
def then(days: Days) -> Path:
    """The first day with what was known on it."""
    return days.replay(FIRST, until=LAST)


@pytest.fixture(scope="module")
def now(days: Days) -> Path:
    """The day before the first load with what is known on the last day; the company's own files stay as they are."""
    before = files(days)
    file = days.replay(FIRST - timedelta(days=1), until=LAST, known_at=LAST)
    assert files(days) == before
    return file


def files(days: Days) -> dict[Path, str]:
    """What the company's working folder holds, without that of replays."""
    home = days.folder / "home" / days.company.name
    return {
        path: sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and ".replay" not in path.parts
    }


def ask(of: Days | Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(of.database if isinstance(of, Days) else of), read_only=True) as reader:
        return reader.execute(query).fetchall()


def consent_of_a_stranger(days: Days) -> None:
    """Deliver what somebody permitted of whom no registry has told."""
    (days.landing / "consents" / "stranger.csv").write_text(
        "source_system,customer_ref,channel,purpose,effective_at,status\n"
        f"crm,{STRANGER},email,Marketing,2026-06-01T10:00:00+02:00,opt_out\n"
    )


def test_a_replayed_day_is_what_was_published(days: Days, then: Path) -> None:
    """Every table of the published file, row for row, although more has arrived since and the past was corrected."""
    told, again = days.told[FIRST], published(then, FIRST)
    assert sorted(again) == sorted(told)
    assert [name for name, rows in told.items() if again[name] != rows] == []
    for table in (MEMBERS, PRIORITY, "warehouse.fct_order_line", "decisions.campaign_customer_profit"):
        assert told[table]
        assert told[table] != days.told[LAST][table]


def test_a_past_day_with_what_is_known_today(days: Days, late: Late, then: Path, now: Path) -> None:
    """What was told late of the time before it counts; campaigns announced and customers won after it do not."""
    moved, withdrawn, permitted, kept, joined = (
        ask(days, f"""select customer_id from warehouse.bridge_customer_identity
            where identifier = '{ref}' and identifier_kind = 'record' and is_current""")[0][0]
        for ref in (late.moved, late.withdrawn, late.permitted, *late.merged)
    )  # fmt: skip
    assert kept == joined
    told = {
        f"""select count(*) > 0 from warehouse.dim_customer
            where customer_id = {moved} and city = '{TOWN}'""": (False, True),
        f"select is_email_permitted from marts.mart_customer_permission where customer_id = {withdrawn}": (True, False),
        f"select is_email_permitted from marts.mart_customer_permission where customer_id = {permitted}": (False, True),
        f"""select accepted_at is null from warehouse.fct_campaign_contact
            where contact_ref = '{late.answered}'""": (True, False),
        f"select count(*) from warehouse.dim_product where name = '{PRODUCT_NAME}'": (0, 1),
    }  # fmt: skip
    assert {query: (ask(then, query)[0][0], ask(now, query)[0][0]) for query in told} == told
    ranked = """select campaign_ref from decisions.campaign_priority
        where as_of_date = (select max(as_of_date) from decisions.campaign_priority) order by 1"""
    assert ask(now, ranked) == ask(then, ranked)
    assert ask(days, ranked) != ask(then, ranked)
    came = f"select count(*) > 0 from warehouse.dim_customer where is_current and registered_date_key >= {FIRST:%Y%m%d}"
    assert ask(now, came) == [(True,)]
    assert ask(now, f"select count(*) from marts.mart_customer_360 where registered_on >= date '{FIRST}'") == [(0,)]


def test_nothing_of_a_replay_stays_but_its_file(days: Days, then: Path) -> None:
    assert then.is_file()
    home = days.folder / "home" / days.company.name
    assert [path.name for path in (home / ".replay").iterdir()] == ["run.lock"]
    assert not (home / "replays").exists()


def test_facts_follow_a_late_correction(days: Days) -> None:
    versions = ask(
        days,
        f"""select valid_from, valid_to, name, product_key from warehouse.dim_product where product_ref = (
            select product_ref from warehouse.dim_product where name = '{PRODUCT_NAME}') order by 1""",
    )
    names = [name for _, _, name, _ in versions]
    assert PRODUCT_NAME in names[1:]
    assert all(left[1] == right[0] for left, right in pairwise(versions))
    at, until, _, key = versions[names.index(PRODUCT_NAME)]
    moved = ask(
        days,
        f"""select count(*) filter (where line.ordered_at >= '{at}' and line.ordered_at < '{until}'),
            count(*) filter (where line.product_key = {key}), count(*)
        from warehouse.fct_order_line as line join warehouse.dim_product as product using (product_key)
        where product.product_ref = (select product_ref from warehouse.dim_product where product_key = {key})""",
    )
    within, pointed, all_of_it = moved[0]
    assert 0 < within == pointed < all_of_it  # type: ignore[operator]


def test_no_table_has_the_number_of_one_who_turned_out_to_be_another(days: Days, late: Late) -> None:
    """Facts, segments and the scores and decisions of the day before too; only the bridges remember it."""
    merged = ask(
        days,
        f"""select merged.customer_id, merged.surviving_customer_id from warehouse.bridge_customer_merged as merged
        join warehouse.bridge_customer_identity as identity on merged.customer_id = identity.customer_id
        where identity.identifier in {late.merged} and identity.identifier_kind = 'record'""",
    )
    assert len(merged) == 1
    gone, stays = merged[0]
    holders = ask(
        days,
        """select schema_name || '.' || table_name from duckdb_columns() where column_name = 'customer_id'
        and schema_name in ('warehouse', 'marts', 'scores', 'decisions')
        and table_name not in ('bridge_customer_identity', 'bridge_customer_merged')""",
    )
    assert len(holders) > 30
    assert [name for (name,) in holders if ask(days, f"select 1 from {name} where customer_id = {gone} limit 1")] == []
    past = f"select count(*) from scores.score_customer_current_value where as_of_date = date '{FIRST}'"
    assert ask(days, f"{past} and customer_id = {stays}") == [(1,)]
    assert ask(days, past) == [(len(days.told[FIRST]["scores.score_customer_current_value"]) - 1,)]


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


def test_the_file_of_the_second_day_grew_into_what_a_fresh_one_holds(days: Days) -> None:
    """After all others: it publishes once more."""
    link = days.database.parent / "published" / LINK
    generation = "select generation from main.publication"
    assert ask(link.resolve(), generation) == [(1,)]
    publish_again(days.session(LAST, hour=7), Console(file=StringIO()))
    clock.set_to(None)
    assert ask(link.resolve(), generation) == [(0,)]
    fresh = published(link, LAST)
    assert [name for name, rows in days.told[LAST].items() if fresh[name] != rows] == []


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
