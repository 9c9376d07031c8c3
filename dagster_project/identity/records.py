"""Every record of a customer that any feed has ever named, with what the registry says of it.

Belongs here: collecting records from staging into the table `identity_record` that the rules read. Does not belong
here: deciding which of them are the same person.
"""

from __future__ import annotations

import duckdb

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
    coalesce(registry.registered_at, reference.seen_at) as founded_at,
    registry.customer_ref is not null and not coalesce(registry.is_deleted, false) as is_live,
    registry.party_type,
    left(lower(registry.gender), 1) as gender,
    upper(nullif(regexp_replace(registry.tax_code, '[^A-Za-z0-9]', '', 'g'), '')) as tax_code,
    registry.birth_date,
    split_part(identity_name(registry.given_name), ' ', 1) as given_name,
    string_split(identity_name(coalesce(
        registry.organisation_name, registry.given_name || ' ' || registry.family_name, registry.full_name
    )), ' ') as name_words,
    identity_email(registry.email) as email,
    identity_phone_of(registry.phone, registry.phone_digits, registry.country_code) as phone,
    registry.phone_digits
from reference
left join (select *, identity_digits(phone) as phone_digits from staging.stg_customers) as registry
    on reference.source_system = registry.source_system and reference.customer_ref = registry.customer_ref
"""


def collect_records(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the temporary table `identity_record` and return its number of rows.

    Columns: `node_id` (0, 1, … in order of founding), `source_system`, `customer_ref`, `founded_at` (registration,
    else the first event that names the record), `is_live` (in a registry and not deleted there), `party_type`,
    `gender` (first letter), `tax_code`, `birth_date`, `given_name` (first word), `name_words` (all of them), `email`,
    `phone` (digits with calling code), `phone_digits` (digits as written); null where unknown.
    """
    mentions = " union all ".join(
        f"select source_system, {reference} as customer_ref, min({seen_at}) as seen_at "
        f"from staging.stg_{feed} where {reference} is not null group by 1, 2"
        for feed, reference, seen_at in MENTIONS
    )
    connection.execute(_RECORDS.format(mentions=mentions))
    row = connection.execute("select count(*) from identity_record").fetchone()
    return int(row[0]) if row else 0
