"""Every record of a customer that any feed has ever named, with what the registry says of it.

Belongs here: collecting records from staging into the table `identity_record` that the rules read. Does not belong
here: deciding which of them are the same person.
"""

from __future__ import annotations

import duckdb

from dagster_project.identity.mentions import MENTION
from dagster_project.identity.registry import REGISTRY

# The registry names most records and says since when they are; only for the others are the feeds asked.
_RECORDS = f"""
create or replace temp table identity_record as
with mention as (
    select source_system, customer_ref, min(seen_at) as seen_at from {MENTION} group by 1, 2
),
founded as (
    select * exclude (registered_at), registered_at as founded_at from {REGISTRY} where registered_at is not null
    union all by name
    select * exclude (registered_at, seen_at), seen_at as founded_at
    from (from {REGISTRY} where registered_at is null) full join mention using (source_system, customer_ref)
)
select
    -- the number is the order of founding: the lowest of a component is the record that gives it its durable number
    row_number() over (order by source_system = '', founded_at nulls last, source_system, customer_ref) - 1 as node_id,
    source_system, customer_ref, record_id, said, birth_date, email, phone, phone_digits
from founded
"""


def collect_records(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the temporary table `identity_record` and return its number of rows.

    `read_registry` and `read_mentions` were called before.

    Columns: `node_id` (0, 1, … in order of founding: registration, else the first event that names the record),
    `source_system`, `customer_ref`, and what the registry says of it (`registry.read_registry`): `record_id`, `said`,
    `birth_date`, `email`, `phone`, `phone_digits`; null where it has no such record.
    """
    connection.execute(_RECORDS)
    row = connection.execute("select count(*) from identity_record").fetchone()
    return int(row[0]) if row else 0
