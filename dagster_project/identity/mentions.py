"""Which records the feeds name that the registry does not date, and since when: remembered, and read of new rows only.

Belongs here: the tables `intermediate.identity_mention` and `identity_mention_read`, a cache derived from staging and
`identity_registry`. Does not belong here: what the registry says (`registry.py`), the records (`records.py`).

What feeds say of a record that the registry dates changes nothing, so it is not kept; most records are such. A daily
run reads the rows of each feed that are new to it. Where an older row of a feed is gone, because a new one took its
place, all that the feed says of the records remembered is read again, and of those alone: whatever else changes older
rows, such as an erasure, is followed by a whole build, which reads everything.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import duckdb

from dagster_project.identity.registry import FORMER, REGISTRY

MENTION = "intermediate.identity_mention"
_ROWS = "intermediate.identity_mention_read"
# feed, column of the reference, time of the event that names it
MENTIONS = (
    ("consents", "customer_ref", "effective_at"),
    ("social_accounts", "customer_ref", "created_at"),
    ("order_lines", "customer_ref", "ordered_at"),
    ("returns", "customer_ref", "returned_at"),
    ("loyalty_entries", "customer_ref", "occurred_at"),
    ("loyalty_entries", "referred_customer_ref", "occurred_at"),
    ("opportunity_stages", "customer_ref", "entered_at"),
    ("web_events", "customer_ref", "occurred_at"),
    ("contacts", "customer_ref", "occurred_at"),
    ("campaign_contacts", "customer_ref", "sent_at"),
    ("campaign_responses", "customer_ref", "responded_at"),
    ("service_cases", "customer_ref", "opened_at"),
    ("device_signals", "customer_ref", "occurred_at"),
)

_TABLES = f"""
create table if not exists {MENTION} (
    mention text not null, source_system text not null, customer_ref text not null, seen_at timestamptz
);
create table if not exists {_ROWS} (mention text not null, row_count bigint not null)
"""
_DATED = f"(select source_system, customer_ref from {REGISTRY} where registered_at is not null)"
# Whoever is dated now is not remembered any more; of whoever was and no longer is, nothing is remembered yet.
_NO_LONGER_DATED = f"""
delete from {MENTION} where (source_system, customer_ref) in {_DATED};
create or replace temp table identity_undated as
select distinct source_system, customer_ref from {FORMER} anti join {_DATED} using (source_system, customer_ref)
"""
_SAYS = """
select '{mention}' as mention, source_system, {reference} as customer_ref, {seen_at} as seen_at
from staging.stg_{feed}
where {reference} is not null and {loaded}
"""
_READ = f"""
insert into {MENTION}
select mention, source_system, customer_ref, min(seen_at)
from ({{said}}) {{of}} using (source_system, customer_ref)
group by all
"""
_NOT_DATED = f"anti join {_DATED} as dated"
_FORGET = f"""
create or replace temp table identity_sought as
from identity_undated
union
select source_system, customer_ref from {MENTION} where mention = '{{mention}}' and {{is_gone}};
delete from {MENTION} where mention = '{{mention}}' and (source_system, customer_ref) in (from identity_sought)
"""
_READ_NEW = f"""
create or replace temp table identity_said_now as
select mention, source_system, customer_ref, min(seen_at) as seen_at
from ({{said}}) {_NOT_DATED} using (source_system, customer_ref)
group by all;
update {MENTION} as known set seen_at = said.seen_at
from identity_said_now as said
where known.mention = said.mention and known.source_system = said.source_system
    and known.customer_ref = said.customer_ref and said.seen_at < coalesce(known.seen_at, timestamptz 'infinity');
insert into {MENTION} from identity_said_now anti join {MENTION} using (mention, source_system, customer_ref)
"""


def read_mentions(connection: duckdb.DuckDBPyConnection, loaded_after: datetime | None) -> None:
    """Bring `identity_mention` up to date: what each feed says of the records that the registry does not date.

    `read_registry` was called before, in the same transaction. Columns: `mention` (feed and column of the reference),
    `source_system`, `customer_ref`, `seen_at` (of the earliest event that names the record; null where none has a
    time).

    Args:
        connection: the warehouse.
        loaded_after: the moment up to which the tables know the rows of `raw`, in a daily run; all is read if absent.
    """
    connection.execute(_TABLES)
    read = {} if loaded_after is None else dict(connection.execute(f"from {_ROWS}").fetchall())
    connection.execute(_NO_LONGER_DATED)
    undated, new = _count(connection, "identity_undated"), []
    for feed, reference, seen_at in MENTIONS:
        mention = f"{feed}.{reference}"
        says = partial(_SAYS.format, mention=mention, reference=reference, seen_at=seen_at, feed=feed)
        if loaded_after is None or mention not in read:
            connection.execute(f"delete from {MENTION} where mention = ?", [mention])
            connection.execute(_READ.format(said=says(loaded="true"), of=_NOT_DATED))
            continue
        known, is_new = (f"_loaded_at {sign} timestamptz '{loaded_after.isoformat()}'" for sign in ("<=", ">"))
        is_gone = _count(connection, f"staging.stg_{feed} where {known}") != read[mention]
        if is_gone or undated:
            connection.execute(_FORGET.format(mention=mention, is_gone=is_gone))
            connection.execute(_READ.format(said=says(loaded=known), of="semi join identity_sought"))
        new.append(says(loaded=is_new))
    if new:
        connection.execute(_READ_NEW.format(said=" union all ".join(new)))
    counts = " union all ".join(
        f"select '{feed}.{reference}', count(*) from staging.stg_{feed}" for feed, reference, _ in MENTIONS
    )
    connection.execute(f"delete from {_ROWS}; insert into {_ROWS} {counts}")
    for table in (FORMER, "identity_undated", "identity_sought", "identity_said_now"):
        connection.execute(f"drop table if exists {table}")


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    row = connection.execute(f"select count(*) from {source}").fetchone()
    return int(row[0]) if row else 0
