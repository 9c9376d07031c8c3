"""Every record of a customer that any feed has ever named, with what the registry says of it.

Belongs here: collecting records from staging into the table `identity_record` that the rules read. Does not belong
here: deciding which of them are the same person.
"""

from __future__ import annotations

import duckdb

from dagster_project.identity.registry import REGISTRY

# feed, column of the reference, time of the event that names it
MENTIONS = (
    ("customers", "customer_ref", "registered_at"),
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

_RECORDS = """
create or replace temp table identity_record as
with mention as ({mentions}),
reference as (
    select source_system, customer_ref, min(seen_at) as seen_at from mention group by 1, 2
)
select
    -- the number is the order of founding: the lowest of a component is the record that gives it its durable number
    row_number() over (
        order by reference.source_system = '', coalesce(registry.registered_at, reference.seen_at) nulls last,
            reference.source_system, reference.customer_ref
    ) - 1 as node_id,
    reference.source_system,
    reference.customer_ref,
    registry.record_id,
    registry.said,
    registry.birth_date,
    registry.email,
    registry.phone,
    registry.phone_digits
from reference
left join {registry} as registry
    on reference.source_system = registry.source_system and reference.customer_ref = registry.customer_ref
"""


def collect_records(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the temporary table `identity_record` and return its number of rows.

    `read_registry` was called before.

    Columns: `node_id` (0, 1, … in order of founding: registration, else the first event that names the record),
    `source_system`, `customer_ref`, and what the registry says of it (`registry.read_registry`): `record_id`, `said`,
    `birth_date`, `email`, `phone`, `phone_digits`; null where it has no such record.
    """
    mentions = " union all ".join(
        f"select source_system, {reference} as customer_ref, min({seen_at}) as seen_at "
        f"from staging.stg_{feed} where {reference} is not null group by 1, 2"
        for feed, reference, seen_at in MENTIONS
    )
    connection.execute(_RECORDS.format(mentions=mentions, registry=REGISTRY))
    row = connection.execute("select count(*) from identity_record").fetchone()
    return int(row[0]) if row else 0
