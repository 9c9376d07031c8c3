"""Rows of feeds said once more with other content, as if a file of the last load had brought them.

Each function makes a clause of what a daily run touches necessary: without it, a table would keep what is no longer so.
"""

from __future__ import annotations

import duckdb

from tests.integration.contact_corrections import say_anew

_BETWEEN = "timestamptz '2026-04-05 12:00:00+02'"
"""After the day that the second run is for, before that of the third."""


def mention_orders_of_others(connection: duckdb.DuckDBPyConnection) -> None:
    """Let two systems that sell nothing mention orders of the shop."""
    for system in ("club", "league"):
        of_shop = "where source_system = 'webshop' and order_ref is not null and _file <> 'zz_corrected'"
        say_anew(connection, "loyalty_entries", f"'{system}' as source_system", f"{of_shop} order by entry_ref limit 5")


def sell_at_unknown_cost(connection: duckdb.DuckDBPyConnection) -> None:
    """Let some customers buy only what nobody knows the cost of: they earn the share that others do in a month."""
    unknown = "'unheard of' as product_ref, null as unit_cost, timestamptz '2026-05-31' as updated_at"
    say_anew(connection, "order_lines", unknown, "where hash(customer_ref) % 5 = 0 and _file <> 'zz_corrected'")


def move_references(connection: duckdb.DuckDBPyConnection) -> None:
    """Take returns, points and what else mentions an order to another one; let a system sell for the first time."""
    another, newer = "max(order_ref) over (partition by source_system) as order_ref", "timestamptz '2026-06-01'"
    mentioning = "where order_ref is not null and _file <> 'zz_corrected'"
    connection.execute("""
        create or replace temp table quiet_order as
        select source_system, order_ref, row_number() over (partition by source_system order by order_ref desc) as turn
        from (select distinct source_system, order_ref from raw.order_lines where order_ref not in
            (select order_ref from raw.loyalty_entries where order_ref is not null))""")
    for turn, feed in enumerate(("opportunity_stages", "web_events"), start=1):
        said = (
            f"(select order_ref from quiet_order as q where q.source_system = {feed}.source_system and turn = {turn})"
        )
        one_each = "qualify row_number() over (partition by source_system order by _row_hash) = 1"
        say_anew(connection, feed, f"{said} as order_ref", f"where source_system is not null {one_each}")
    say_anew(connection, "returns", f"{another}, null as customer_ref", f"{mentioning} order by return_ref limit 9")
    say_anew(connection, "loyalty_entries", "null as order_ref", f"{mentioning} order by entry_ref limit 9")
    said = f"{another}, {newer} as updated_at"
    say_anew(connection, "service_cases", said, f"{mentioning} order by case_ref limit 3")
    say_anew(connection, "campaign_responses", "null as order_ref", f"{mentioning} order by response_ref limit 3")
    say_anew(connection, "order_lines", "'club' as source_system, 'C1' as order_ref", "limit 1")


def date_after_the_day(connection: duckdb.DuckDBPyConnection) -> None:
    """Let one thing of each kind have been after the day that is built for, and so not yet known."""
    newer, once = "timestamptz '2026-06-02' as updated_at", "where _file <> 'zz_corrected'"
    lines = f"{_BETWEEN} as ordered_at, {newer}"
    say_anew(connection, "order_lines", lines, f"{once} order by order_ref desc, line_number limit 3")
    say_anew(connection, "returns", f"{_BETWEEN} as returned_at", f"{once} order by return_ref desc limit 3")
    say_anew(connection, "loyalty_entries", f"{_BETWEEN} as occurred_at", f"{once} order by entry_ref desc limit 3")
    say_anew(connection, "contacts", f"{_BETWEEN} as occurred_at", f"{once} order by contact_ref desc limit 5")
    quiet = f"{once} and customer_ref not in (select customer_ref from raw.order_lines where customer_ref is not null)"
    say_anew(connection, "customers", f"{_BETWEEN} as registered_at", f"{quiet} order by customer_ref limit 5")
    # Else these would have answered with that for the first time.
    _answer(connection, "visited", "responded_at", "hash(contact_ref) % 9 in (2, 4)")
    for part, answer in enumerate(("bounced", "opened", "clicked", "accepted", "redeemed", "unsubscribed")):
        _answer(connection, answer, _BETWEEN, f"hash(contact_ref) % 9 = {part}")


def _answer(connection: duckdb.DuckDBPyConnection, answer: str, moment: str, which: str) -> None:
    """Let contacts that nobody has answered in this way be answered so, beside what else is said of them."""
    said = f"contact_ref || '{answer}' as response_ref, '{answer}' as response, {moment} as responded_at"
    first = "qualify row_number() over (partition by contact_ref order by response_ref) = 1"
    answered = f"select contact_ref from raw.campaign_responses where response = '{answer}' and contact_ref is not null"
    say_anew(connection, "campaign_responses", said, f"where {which} and contact_ref not in ({answered}) {first}")


def answer_beside_another(connection: duckdb.DuckDBPyConnection, answer: str) -> None:
    """Let the same contacts be answered in a way more, which touchpoints tell of the weightiest only."""
    _answer(connection, answer, "responded_at", "hash(contact_ref) % 9 = 7")


def sell_as_others(connection: duckdb.DuckDBPyConnection) -> None:
    """Let products be of another category in versions that there were, at the same cost."""
    once = "where _file <> 'zz_corrected' and hash(product_ref) % 3 = 0"
    say_anew(connection, "products", "'others' as category", once)


def change_registrations_and_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Let customers have registered earlier, and a name of orders be used by a second system."""
    earlier = "registered_at - interval 100 day as registered_at"
    once = "where _file <> 'zz_corrected'"
    say_anew(connection, "customers", earlier, f"{once} qualify row_number() over (order by customer_ref) % 7 = 0")
    mentioned = "(select order_ref from raw.loyalty_entries where source_system = 'league')"
    say_anew(connection, "order_lines", "'pos' as source_system", f"where order_ref in {mentioned}")


def lose_phones(connection: duckdb.DuckDBPyConnection) -> None:
    """Let customers have no phone any more: whom it joined to their household has another one then."""
    once = "where _file <> 'zz_corrected' and phone is not null and hash(customer_ref) % 4 = 0"
    say_anew(connection, "customers", "null as phone, timestamptz '2026-03-04' as updated_at", once)


def begin_earlier(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the first thing that is known of anybody be a year older."""
    first = "ordered_at - interval 400 day as ordered_at, timestamptz '2026-06-03' as updated_at"
    say_anew(connection, "order_lines", first, "order by ordered_at limit 1")
