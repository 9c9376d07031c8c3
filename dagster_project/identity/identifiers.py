"""What belongs to whom: the records themselves, then visitors, e-mails, phones, leads, devices and accounts.

Belongs here: the table `identity_belief`, which is everything the ledger should now say. Does not belong here:
accounts of social platforms (`accounts.py`), comparing with what the ledger said before (`ledger.py`).

An identifier is assigned only if exactly one customer has a claim on it. A visitor on which several customers logged in
keeps its anonymous history to itself: events that name a customer go to that one, the rest stay anonymous.
"""

from __future__ import annotations

import duckdb

from dagster_project.identity.accounts import claim_accounts
from dagster_project.identity.claims import NUMBER_OF_RECORD, ONE_CLAIMANT, SAME_NAME
from dagster_project.identity.registry import REGISTRY

_TABLE = """
create or replace temp table identity_belief (
    identifier_kind text, source_system text, identifier text, customer_id bigint, rule text, probability double,
    valid_from timestamptz default timestamptz '1900-01-01 00:00:00+00',
    valid_to timestamptz default timestamptz '9999-12-31 00:00:00+00'
)
"""
# The founding record gives the number: the first 15 hexadecimal digits of its hash fill 60 bits, so it is positive, and
# that two of 10 million customers share one has a chance of one in 20,000.
_OWNERS = """
create or replace temp table identity_owner as
select
    record.node_id, record.said, record.email, record.phone, record.phone_digits,
    record.node_id = founder.node_id as is_founder,
    coalesce(
        founder.record_id, ('0x' || left(md5(founder.source_system || '|' || founder.customer_ref), 15))::bigint
    ) as customer_id
from identity_record as record
inner join identity_component as component on record.node_id = component.node_id
inner join identity_record as founder on component.founder_node = founder.node_id
"""
_RECORDS = """
insert into identity_belief (identifier_kind, source_system, identifier, customer_id, rule, probability)
with inside as (
    select edge.left_node, edge.right_node, edge.rule, edge.probability
    from identity_edge as edge
    inner join identity_component as l on edge.left_node = l.node_id
    inner join identity_component as r on edge.right_node = r.node_id and l.founder_node = r.founder_node
),
evidence as (
    select node_id, min(rule) as rule, max(probability) as probability
    from (
        select left_node as node_id, rule, probability from inside where rule <> 'ref_without_system'
        union all
        select right_node, rule, probability from inside
    ) as link
    group by 1
)
select
    'record', record.source_system, record.customer_ref, owner.customer_id,
    case when owner.is_founder then 'reference' else evidence.rule end,
    case when owner.is_founder then 1.0 else evidence.probability end
from identity_record as record
inner join identity_owner as owner on record.node_id = owner.node_id
left join evidence on record.node_id = evidence.node_id
"""
# The addresses of the registry, each also as contacts, cases and leads spell it, so that readers join on equality.
_EMAIL = """
with owner as (select customer_id, email from identity_owner where email is not null),
spelling as (
    select email, identity_email(email) as address from (
        select email from staging.stg_contacts union
        select email from staging.stg_service_cases union
        select email from staging.stg_leads union
        select email from staging.stg_social_accounts union
        select email from staging.stg_customers
    ) as mention
    where email <> lower(trim(email)) and email <> identity_email(email)
)
select '' as source_system, email as identifier, customer_id, 'email' as rule, 1 as priority from owner
union all
select '', spelling.email, owner.customer_id, 'email', 1
from spelling inner join owner on spelling.address = owner.email
"""
_PHONE = """
with owner as (select customer_id, phone, phone_digits from identity_owner where phone is not null),
form as (
    select phone, phone as digits from owner
    union
    select phone, phone_digits from owner
),
spelling as (
    select phone, identity_digits(phone) as digits from (
        select phone from staging.stg_contacts union
        select phone from staging.stg_service_cases union
        select phone from staging.stg_leads union
        select phone from staging.stg_customers
    ) as mention
    where phone is not null
)
select '' as source_system, phone as identifier, customer_id, 'phone' as rule, 1 as priority from owner
union all
select '', spelling.phone, owner.customer_id, 'phone', 1
from spelling
inner join form on spelling.digits = form.digits
inner join owner on form.phone = owner.phone
"""
_VISITOR = f"""
with purchase as (
    select distinct visitor_ref, source_system, order_ref
    from staging.stg_web_events
    where event_type = 'purchase' and visitor_ref is not null
),
mention as (
    select distinct visitor_ref, source_system, customer_ref, 'login' as rule, 1 as priority
    from staging.stg_web_events where customer_ref is not null
    union all
    select distinct visitor_ref, source_system, customer_ref, 'order', 2
    from staging.stg_order_lines where customer_ref is not null
    union all
    select distinct purchase.visitor_ref, line.source_system, line.customer_ref, 'order', 2
    from purchase
    inner join staging.stg_order_lines as line
        on purchase.order_ref = line.order_ref and purchase.source_system in ('', line.source_system)
    where line.customer_ref is not null
    union all
    select distinct visitor_ref, source_system, customer_ref, 'contact', 3
    from staging.stg_contacts where customer_ref is not null
)
select '' as source_system, mention.visitor_ref as identifier, record.customer_id, mention.rule, mention.priority
from mention {NUMBER_OF_RECORD}
where mention.visitor_ref is not null
"""
# A lead's address may be a family's, or be known to nobody: then it counts, or the phone does, together with the name.
_LEAD = f"""
with told as (
    select mention.source_system, mention.lead_ref, record.customer_id
    from staging.stg_opportunity_stages as mention {NUMBER_OF_RECORD}
    where mention.lead_ref is not null
),
open_lead as materialized (
    select lead.source_system, lead.lead_ref, lead.full_name, lead.organisation_name,
        identity_email(lead.email) as email, identity_phone(lead.phone, lead.country_code) as phone
    from staging.stg_leads as lead
    where not exists (
        select 1 from staging.stg_opportunity_stages as stage
        where stage.source_system = lead.source_system and stage.lead_ref = lead.lead_ref
            and stage.customer_ref is not null
    )
),
addressed as (
    select mention.source_system, mention.lead_ref, address.customer_id
    from open_lead as mention
    inner join identity_belief as address
        on address.identifier_kind = 'email' and mention.email = address.identifier
),
reached as (
    select lead.*, owner.said, owner.customer_id
    from open_lead as lead inner join identity_owner as owner on lead.email = owner.email
    union all
    select lead.*, owner.said, owner.customer_id
    from open_lead as lead inner join identity_owner as owner on lead.phone = owner.phone
),
named as (
    select reached.source_system, reached.lead_ref, reached.customer_id
    from reached
    inner join {REGISTRY} as registry on reached.said = registry.said
    anti join addressed on reached.source_system = addressed.source_system and reached.lead_ref = addressed.lead_ref
    where {SAME_NAME.format(name="reached.full_name")} or {SAME_NAME.format(name="reached.organisation_name")}
)
select source_system, lead_ref as identifier, customer_id, 'opportunity' as rule, 1 as priority from told
union all
select source_system, lead_ref, customer_id, 'email', 2 from addressed
union all
select source_system, lead_ref, customer_id, 'name_and_reach', 3 from named
"""
_DEVICE = f"""
select '' as source_system, mention.device_ref as identifier, record.customer_id, 'signal' as rule, 1 as priority
from (
    select distinct device_ref, source_system, customer_ref
    from staging.stg_device_signals where customer_ref is not null
) as mention {NUMBER_OF_RECORD}
"""
# In this order: a kind may use those before it.
_CLAIMS = (
    ("email", _EMAIL), ("phone", _PHONE), ("visitor", "from identity_visitor_claim"), ("lead", _LEAD),
    ("device", _DEVICE),
)  # fmt: skip


def form_beliefs(connection: duckdb.DuckDBPyConnection) -> int:
    """Write the temporary table `identity_belief` from the components; return how many visitors are shared.

    Columns: `identifier_kind`, `source_system` (the platform for handles, '' where the kind has none),
    `identifier`, `customer_id`, `rule`, `probability`, `valid_from`, `valid_to` (event time; the exact rules hold
    for all time).
    """
    connection.execute(_TABLE)
    connection.execute(_OWNERS)
    connection.execute(_RECORDS)
    connection.execute(f"create or replace temp table identity_visitor_claim as {_VISITOR}")
    for kind, claims in _CLAIMS:
        connection.execute(ONE_CLAIMANT.format(kind=kind, claims=claims))
    claim_accounts(connection)
    row = connection.execute(
        "select count(*) from (select identifier from identity_visitor_claim group by 1 "
        "having min(customer_id) <> max(customer_id)) as shared"
    ).fetchone()
    for table in ("identity_visitor_claim", "identity_owner"):
        connection.execute(f"drop table {table}")
    return int(row[0]) if row else 0
