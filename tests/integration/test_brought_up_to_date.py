"""What is brought up to date, run by run, holds what it holds when it is built whole.

Only staging, the versions of customers and the web fact are built, over an identity that is told here: visitors turn
out to be customers, and one record changes hands. The whole way is in `test_day_by_day.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project import clock
from dagster_project.database import next_moment
from dagster_project.identity.ledger import enter_beliefs
from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations import dbt, upkeep
from dagster_project.operations.session import Session
from dagster_project.segmentation.definitions import HISTORY, Definition, ensure_history, enter_definitions
from dagster_project.segmentation.membership import LEDGER, ensure_ledger, enter_members
from tests.integration import corrections
from tests.integration.contact_corrections import correct_contacts, correct_contacts_again, say_anew
from tests.integration.days import Days
from tests.integration.runs import OF_THE_RUN, content

FIRST = date(2026, 3, 2)
Correction = Callable[[duckdb.DuckDBPyConnection], None]
_VISITORS = "select distinct visitor_ref from raw.web_events where customer_ref is not null order by visitor_ref"
_TURNED = "case status when 'opt_in' then 'opt_out' else 'opt_in' end as status"
_LINES = "where _file <> 'zz_corrected' order by order_ref, line_number"
BUILT = [
    "+fct_web_event", "+fct_customer_standing", "+fct_device_signal", "stg_campaign_responses", "stg_service_cases",
    "+bridge_post_topic", "+fct_social_follow", "+fct_social_post", "+fct_consent",
    "bridge_customer_identity", "dim_customer_personal", "stg_customers", "stg_feed_balance",
    "+mart_customer_category", "+mart_customer_channel", "+mart_customer_contact", "+mart_customer_purchase",
    "+mart_lifecycle_flow", "+fct_segment_membership",
]  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Days]:
    yield Days(tmp_path, FIRST, persons=200, days=7)
    clock.set_to(None)
    dbt.release()


def _deliver(world: Days, days: Iterable[int], suffix: str = "") -> None:
    world.deliver((FIRST + timedelta(days=n) for n in days), suffix)


def _rename_coupons(connection: duckdb.DuckDBPyConnection, coupon: str, since: str) -> None:
    said = f"'{coupon}' as coupon_code, greatest(updated_at, timestamptz '{since}') as updated_at"
    last = "qualify row_number() over (partition by campaign_ref order by updated_at desc) = 1"
    say_anew(connection, "campaigns", said, last)


def _correct_first(connection: duckdb.DuckDBPyConnection) -> None:
    """Say anew what later corrections meet: orders of others mentioned, costs that nobody knows."""
    corrections.mention_orders_of_others(connection)
    corrections.sell_at_unknown_cost(connection)


def _correct(connection: duckdb.DuckDBPyConnection) -> None:
    """Say anew: events are of another visitor, lines have a coupon and a visitor only, costs and coupons are others."""
    _rename_coupons(connection, "SUMMER", "2024-08-01")
    third = "qualify row_number() over (order by product_ref) % 3 = 0"
    say_anew(connection, "products", "unit_cost * 2 as unit_cost", third)
    by_coupon = "timestamptz '2026-06-01' as updated_at, 'SUMMER' as coupon_code, null as campaign_ref"
    say_anew(connection, "order_lines", by_coupon, f"{_LINES} limit 200")
    by_visitor = f"timestamptz '2026-06-01' as updated_at, null as customer_ref, ({_VISITORS} limit 1) as visitor_ref"
    say_anew(connection, "order_lines", by_visitor, f"{_LINES} limit 20 offset 200")
    by_number = "timestamptz '2026-06-01' as updated_at, (select min(campaign_ref) from raw.campaigns) as campaign_ref"
    say_anew(connection, "order_lines", by_number, f"{_LINES} limit 200 offset 220")
    last_visitor = "(select max(visitor_ref) from raw.web_events) as visitor_ref"
    say_anew(connection, "web_events", last_visitor, "order by event_ref limit 3")
    _correct_feeds(connection)
    corrections.move_references(connection)
    corrections.date_after_the_day(connection)
    corrections.answer_beside_another(connection, "unsubscribed")
    correct_contacts(connection)


def _correct_feeds(connection: duckdb.DuckDBPyConnection) -> None:
    """Say anew, spelled otherwise: posts lost their topics, follows ended, consents turned, words of old come late."""
    topics = "case when hash(post_ref) % 2 = 0 then ['News', '#news'] end as topics"
    said = f"upper(platform) as platform, {topics}, 'later' as in_reply_to"
    say_anew(connection, "social_posts", said, "where len(topics) > 0 order by post_ref limit 40")
    ended = "upper('@' || follower_handle) as follower_handle, timestamptz '2026-03-09' as unfollowed_at"
    say_anew(connection, "social_follows", ended, "order by follower_handle, followed_handle limit 20")
    say_anew(connection, "consents", f"upper(purpose) as purpose, {_TURNED}", "order by all limit 40")
    of_old = "timestamptz '2001-01-01' as updated_at"
    say_anew(connection, "customers", f"{of_old}, 'Atlantis' as city", "order by customer_ref limit 10")
    say_anew(connection, "social_accounts", f"{of_old}, '@' || upper(handle) as handle, 'old' as bio", "limit 10")


def _correct_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Change what others are read with: coupons, accounts, posts answered, versions of customers, old rates."""
    _rename_coupons(connection, "WINTER", "2025-06-01")
    own = "timestamptz '2026-06-01' as updated_at, 'own' as account_kind"
    as_told = "where _file <> 'zz_corrected' qualify row_number() over"
    say_anew(connection, "social_accounts", own, f"{as_told} (order by handle) % 7 = 0")
    first = f"{as_told} (partition by platform order by post_ref) = 1"
    say_anew(connection, "social_posts", "'later' as post_ref", first)
    # A file that says both of one moment contradicts itself, whenever it said the one and the other.
    say_anew(connection, "consents", f"lower(purpose) as purpose, {_TURNED}", "where _file = 'zz_corrected'")
    moved = "'Aosta' as city, timestamptz '2026-03-03' as updated_at"
    say_anew(connection, "customers", moved, "qualify row_number() over (order by customer_ref) % 5 = 0")
    corrections.change_registrations_and_names(connection)
    corrections.answer_beside_another(connection, "bounced")
    corrections.sell_as_others(connection)
    corrections.lose_phones(connection)
    connection.execute("""
        insert into raw.exchange_rates by name
        select * replace ('zz_corrected' as _file, rate_to_home * 2 as rate_to_home) from raw.exchange_rates""")


def _believe(connection: duckdb.DuckDBPyConnection, run: int) -> None:
    """Let each record be a customer, visitors and devices the one named with them first, accounts an old record's."""
    connection.execute("""
        create or replace temp table identity_belief as
        with record as (select distinct source_system, customer_ref from raw.customers),
        known as (select visitor_ref, min_by(source_system || customer_ref, occurred_at) as named from raw.web_events
            where customer_ref is not null group by visitor_ref),
        used as (select device_ref, min_by(source_system || customer_ref, occurred_at) as named from raw.device_signals
            where customer_ref is not null group by device_ref)
        select 'record' as identifier_kind, source_system, customer_ref as identifier,
            (hash(source_system || customer_ref) >> 4)::bigint as customer_id from record
        union all select 'visitor', '', visitor_ref, (hash(named) >> 4)::bigint from known
        union all select 'device', '', device_ref, (hash(named) >> 4)::bigint from used
        union all select distinct kind, '', said, (hash(said) >> 4)::bigint from (
            unpivot (select lower(email) as email, phone, lower(ltrim(handle, '@')) as handle from (
                select email, phone, handle from raw.contacts
                union all select email, phone, handle from raw.service_cases))
            on email, phone, handle into name kind value said)
        union all select distinct 'handle', platform, name, customer_id
        from (select lower(platform) as platform, lower(ltrim(handle, '@')) as name from raw.social_accounts) as told
        inner join (
            select (hash(source_system || customer_ref) >> 4)::bigint as customer_id,
                row_number() over (order by min(_loaded_at), source_system, customer_ref) as place
            from raw.customers group by source_system, customer_ref) as record on hash(name) % 100 = place""")
    # Some are known from the third run on only: until then nobody knows whose they are.
    connection.execute("delete from identity_belief where hash(identifier, 1) % 7 = 0 and ? < 3", [run])
    connection.execute(
        "update identity_belief set customer_id = 7 where identifier_kind <> 'visitor' and hash(identifier) % 9 = ?",
        [run],
    )
    connection.execute(
        "update identity_belief set customer_id = 100 + ? where identifier_kind = 'visitor'"
        f" and identifier in ({_VISITORS} limit 3)",
        [run],
    )
    connection.execute("""
        create or replace temp table identity_belief as select *, 'told' as rule, 1.0::double as probability,
            timestamptz '1900-01-01' as valid_from, timestamptz '9999-12-31' as valid_to from identity_belief""")
    enter_beliefs(connection, clock.now())


def _place(connection: duckdb.DuckDBPyConnection, run: int, day: date) -> None:
    """Let one segment have others in it in each run; of another one only the definition changes, once, for the past."""
    ensure_history(connection)
    ensure_ledger(connection)
    said = {"moving": "true", "staying": "false" if run == 4 else "true"}
    definitions = [Definition(name, criterion, "", "", criterion, "") for name, criterion in said.items()]
    moment = max(next_moment(connection, HISTORY, "_loaded_at"), next_moment(connection, LEDGER, "believed_from"))
    enter_definitions(connection, definitions, day, moment)
    connection.execute(
        "create or replace temp table segment_member as"
        " select distinct segment_name, customer_id from identity_belief, (select unnest(?) as segment_name)"
        " where segment_name = 'staying' or hash(customer_id) % 50 = ?",
        [list(said), run],
    )
    enter_members(connection, ["moving"] if run else list(said), list(said), day, moment)


def _build(
    world: Days,
    run: int,
    is_full: bool = False,
    correct: Correction | None = None,
    as_of: date | None = None,
    believed: int | None = None,
) -> Session:
    session = world.session(FIRST + timedelta(days=10 + 10 * run), as_of=as_of)
    with session.connection() as connection:
        if not is_full:
            session = replace(session, known_to=upkeep.known_to(session, connection))
            prepare(connection, session.contracts)
            for contract in session.contracts.values():
                load_feed(connection, session.settings, session.company, contract)
            if correct:
                correct(connection)
            _believe(connection, believed or run)
            _place(connection, believed or run, as_of or FIRST + timedelta(days=10 + 10 * run))
        variables = session.dbt_variables(connection)
        results = dbt.build(session.settings, BUILT, variables, exclude=["resource_type:test"])
        assert all(r.ok for r in results), [(r.name, r.message) for r in results if not r.ok]
        upkeep.remember(session, connection)
    dbt.release()
    return session


def _tables(world: Days) -> dict[str, tuple[int, int]]:
    return {
        name: rows
        for name, rows in content(world.database).items()
        if name.startswith(("staging.", "intermediate.", "warehouse.", "marts.")) and not name.endswith(OF_THE_RUN)
    }


def _hold_a_day_of_the_past(world: Days) -> None:
    """Two months are open then: that of the last run, and that of the day. The next day is again a later one."""
    past = FIRST + timedelta(days=3)
    _deliver(world, [6])
    assert _build(world, 4, correct=correct_contacts_again, as_of=past).known_to is not None
    daily = _tables(world)
    _build(world, 4, is_full=True, as_of=past)
    assert daily == _tables(world)
    _deliver(world, [1], suffix="_again")
    assert _build(world, 5, correct=corrections.begin_earlier).known_to is not None
    daily = _tables(world)
    _build(world, 5, is_full=True)
    assert daily == _tables(world)


def _hold_a_quiet_turn_of_the_month(world: Days) -> None:
    """Nobody does anything until the month is over: what was not over in the last run is ranked again all the same."""
    assert _build(world, 9, believed=5).known_to is not None
    with duckdb.connect(str(world.database), read_only=True) as reader:
        assert reader.execute("select * from intermediate.fct_customer_month__touched").fetchall() == []
    daily = _tables(world)
    _build(world, 9, is_full=True)
    assert daily == _tables(world)


def test_late_repeated_and_corrected_rows_end_as_in_a_whole_build(world: Days) -> None:
    assert _build(world, 0).known_to is None
    _deliver(world, [0, 3, 4])
    assert _build(world, 1, correct=_correct_first).known_to is not None
    _deliver(world, [5, 1])
    _deliver(world, [3], suffix="_again")
    _build(world, 2, correct=_correct)
    _deliver(world, [2])
    assert _build(world, 3, correct=_correct_again).known_to is not None
    daily = _tables(world)
    _build(world, 3, is_full=True)
    assert daily == _tables(world)
    assert daily["intermediate.int_customer__versioned"][0] > 0
    assert daily["warehouse.fct_customer_standing"][0] > 0
    _hold_a_day_of_the_past(world)
    _hold_a_quiet_turn_of_the_month(world)
    assert daily["warehouse.fct_web_event"][0] == daily["staging.stg_web_events"][0] > 0
