"""What is said anew of contacts, points and devices, for the test of what is brought up to date.

Each correction changes one thing that a row of a fact is made from, and nothing else: were it not looked for, the row
would stay as it was.
"""

from __future__ import annotations

import duckdb

_ADDRESSES = ("email", "phone", "handle")
_TURNING = (4, 7, 10)
"""Parts in which some addresses are another's in the fourth run: those whose hash leaves 4 of 9 then are told to be."""
_COMING = "contact_ref || ' to come'"
_TO_COME = f"{_COMING} as contact_ref"
_RENAMED = "hash(campaign_ref) % 4 = 0"


def say_anew(connection: duckdb.DuckDBPyConnection, feed: str, said: str, rows: str) -> None:
    """Say rows of a feed once more with other content, as if a file of the last load had brought them."""
    connection.execute(f"""
        insert into raw.{feed} by name
        select * replace ({said}, 'zz_corrected' as _file, (select max(loaded_at) from raw._load) as _loaded_at)
        from raw.{feed} {rows}""")


def _say_part(connection: duckdb.DuckDBPyConnection, feed: str, key: str, number: int, said: str) -> None:
    """Say one of twelve parts of a feed anew, by its key; not what was corrected before: one of the two would count."""
    corrected = f"select {key} from raw.{feed} where _file = 'zz_corrected'"
    say_anew(connection, feed, said, f"where {key} not in ({corrected}) and hash({key}) % 12 = {number}")


def correct_contacts(connection: duckdb.DuckDBPyConnection) -> None:
    """Let rows be what the corrections to come can change: by one thing that they name, and by no other."""
    _say_part(connection, "loyalty_entries", "entry_ref", 0, "'to come' as order_ref")
    other = "(select max(customer_ref) from raw.loyalty_entries) as customer_ref"
    _say_part(connection, "loyalty_entries", "entry_ref", 1, f"customer_ref as referred_customer_ref, {other}")
    _say_part(connection, "device_signals", "device_ref", 0, "null as customer_ref")
    abroad = "2.5 as cost, 'GBP' as currency"
    _say_part(connection, "campaign_contacts", "contact_ref", 0, abroad)
    _say_part(connection, "campaign_contacts", "contact_ref", 1, "null as cost")
    _say_part(connection, "contacts", "contact_ref", 0, abroad)
    for number, which in ((1, _RENAMED), (6, f"not {_RENAMED}")):
        offered = f"(select min(campaign_ref) from raw.campaign_contacts where {which}) as campaign_ref"
        _say_part(connection, "contacts", "contact_ref", number, offered)
    # Answers go to the latest contact of their campaign and customer where they name none, or one that is to come.
    for number in range(1, 7):
        _say_part(connection, "campaign_responses", "response_ref", number, "null as contact_ref")
    _say_part(connection, "campaign_responses", "response_ref", 7, f"{_TO_COME}, null as customer_ref")
    visitor = "(select min(visitor_ref) from raw.web_events where customer_ref is not null) as visitor_ref"
    nobody = ", ".join(f"null as {name}" for name in ("customer_ref", *_ADDRESSES))
    _say_part(connection, "contacts", "contact_ref", 2, f"{nobody}, {visitor}")
    for number, address in enumerate(_ADDRESSES):
        somebody = nobody.replace(f"null as {address}", f"contact_ref as {address}")
        _say_part(connection, "contacts", "contact_ref", _TURNING[number], somebody)
        somebody = somebody.replace("contact_ref", "case_ref") + ", timestamptz '2026-06-01' as updated_at"
        for part in (0, 4, 8):
            _say_part(connection, "service_cases", "case_ref", number + part, f"{somebody}, null as order_ref")


def close_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Let days on which cases were open turn out to have been holidays."""
    found = "where is_public_holiday and _file <> 'zz_corrected'"
    for turn in range(-3, 4):
        day = f"(select cast(max(opened_at) as date) + ({turn}) from raw.service_cases)"
        once = "qualify row_number() over (partition by country order by event_date) = 1"
        say_anew(connection, "calendar_events", f"{day} as event_date, 'Strike' as name", f"{found} {once}")


def correct_contacts_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Change only what they point to: an order comes, a product has a version more, a channel costs more."""
    system = "(select min(source_system) from raw.loyalty_entries where order_ref = 'to come') as source_system"
    first = "where _file <> 'zz_corrected' order by order_ref, line_number limit 1"
    say_anew(connection, "order_lines", f"'to come' as order_ref, {system}", first)
    renamed = "name || ' II' as name, timestamptz '2025-06-01' as updated_at"
    _say_part(connection, "products", "product_ref", 0, renamed)
    latest = "(partition by campaign_ref order by updated_at desc, _loaded_at desc)"
    last = f"qualify row_number() over {latest} = 1 and {_RENAMED}"
    sent = "select sent_at from raw.campaign_contacts as sent where sent.campaign_ref = campaigns.campaign_ref"
    half = f"(select quantile_disc(sent_at, 0.5) from ({sent}))"
    # While its contacts are sent, and when other contacts of it come.
    for name, moment in (("II", f"coalesce({half}, updated_at)"), ("III", "greatest(updated_at, '2025-09-01')")):
        say_anew(connection, "campaigns", f"'{name}' as name, {moment} as updated_at", last)
    say_anew(connection, "exchange_rates", "rate_to_home * 3 as rate_to_home", "where _file <> 'zz_corrected'")
    dearer = "where _file <> 'zz_corrected' and hash(campaign_ref || channel) % 2 = 0"
    say_anew(connection, "campaign_channels", "unit_cost + 1 as unit_cost", dearer)
    _say_part(connection, "campaign_responses", "response_ref", 0, "'complained' as response")
    _say_part(connection, "campaign_contacts", "contact_ref", 2, "true as is_control")
    awaited = f"where _file <> 'zz_corrected' and {_COMING} in (select contact_ref from raw.campaign_responses)"
    once = "qualify row_number() over (partition by contact_ref order by _row_hash) = 1"
    say_anew(connection, "campaign_contacts", f"{_TO_COME}, null as customer_ref", f"{awaited} {once}")
    _say_part(connection, "campaign_contacts", "contact_ref", 3, "null as customer_ref")
    close_days(connection)
    twice = "(select min(contact_ref) from raw.contacts where campaign_ref = campaign_contacts.campaign_ref)"
    found = f"where {twice} is not null and not {_RENAMED} order by contact_ref limit 1"
    say_anew(connection, "campaign_contacts", f"{twice} as contact_ref", found)
