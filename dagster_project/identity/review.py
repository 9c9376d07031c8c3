"""What a person should look at: the links that the policy refused.

Belongs here: the table `intermediate.identity_review`. Does not belong here: why a link is refused (`components.py`).
"""

from __future__ import annotations

import duckdb

REVIEW = "intermediate.identity_review"
_REVIEW = f"""
create or replace table {REVIEW} as
select
    l.source_system, l.customer_ref, r.source_system as other_source_system, r.customer_ref as other_customer_ref,
    refused.reason, max(refused.probability) as probability
from identity_refused as refused
inner join identity_record as l on refused.left_node = l.node_id
inner join identity_record as r on refused.right_node = r.node_id
left join identity_verdict as verdict
    on refused.left_node = verdict.left_node and refused.right_node = verdict.right_node
where verdict.is_same is null
group by all
order by all
"""


def write_review(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the pairs of records whose link was refused, with the reason, and count them.

    Columns: `source_system`, `customer_ref`, `other_source_system`, `other_customer_ref`, `reason` (contradiction, one
    weak link, too many records), `probability` (that both are one, by the link). What a steward has decided is left
    out.
    """
    connection.execute(_REVIEW)
    row = connection.execute(f"select count(*) from {REVIEW}").fetchone()
    return int(row[0]) if row else 0
