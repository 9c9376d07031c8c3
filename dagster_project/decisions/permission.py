"""Who may be contacted, on which channel, until when.

Belongs here: consent, suppression. Does not belong here: whom it pays to contact.
Fills `decision_permission` (customer_id, channel_code, permitted_until) and `decision_suppression`.
"""

from __future__ import annotations

from datetime import date

import duckdb

from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.scoring.purchase_history import date_key

_SUPPRESSION = """
create or replace temp table decision_suppression as
select customer_id, cast(null as text) as channel_code, 'deleted' as reason
from warehouse.dim_customer where is_current and is_deleted and customer_id <> -1
union all
select customer_id, null, 'minor'
from warehouse.dim_customer
where is_current and customer_id <> -1 and {year} - birth_year <= {min_age} and {min_age} > 0
union all
select distinct customer_id, null, 'open_complaint'
from warehouse.fct_service_case
where customer_id <> -1 and is_complaint and opened_at < {start} and (resolved_at is null or resolved_at >= {start})
union all
select distinct customer_id, channel_code, reason
from warehouse.fct_suppression
where customer_id <> -1 and valid_from < {start} + interval ({horizon_days}) day and valid_to > {start}
union all
select customer_id, null, 'contact_limit'
from decision_customer where contact_count >= {contact_limit}
union all
select distinct contact.customer_id, channel.channel_code, 'bounced'
from warehouse.fct_campaign_contact as contact
inner join warehouse.dim_channel as channel on channel.channel_key = contact.channel_key
where contact.customer_id <> -1 and channel.channel_key <> -1
    and contact.bounced_at < {start} and contact.bounced_at >= {start} - interval ({bounce_days}) day
    and not exists (
        select 1 from warehouse.fct_campaign_contact as later
        where later.customer_id = contact.customer_id and later.channel_key = contact.channel_key
            and later.delivered_at > contact.bounced_at and later.delivered_at < {start}
    )
"""

# A permission needs an opt-in in force; a channel that needs none is closed by an opt-out in force. Either way a later
# opt-out that is already known ends it. Of intervals in force at once the opt-out wins; one that is over says nothing.
_PERMISSION = """
create or replace temp table decision_permission as
with consent as (
    select fct.customer_id, channel.channel_code,
        bool_or(fct.is_permitted) filter (where fct.valid_from <= {start} and fct.valid_to > {start}) as has_opt_in,
        bool_or(not fct.is_permitted) filter (
            where fct.valid_from <= {start} and fct.valid_to > {start}
        ) as has_opt_out,
        min(case
            when fct.is_permitted and channel.is_permission_needed and fct.valid_from <= {start}
                and fct.valid_to > {start} then fct.valid_to
            when not fct.is_permitted and fct.valid_from > {start} then fct.valid_from
        end) as ends_at
    from warehouse.fct_consent as fct
    inner join warehouse.dim_channel as channel on channel.channel_code = fct.channel_code
    where fct.customer_id <> -1 and fct.purpose in ('{purpose}', 'all') and fct.valid_to > {start}
    group by fct.customer_id, channel.channel_code
)

select customer.customer_id, channel.channel_code,
    coalesce(consent.ends_at, timestamptz '9999-12-31 00:00:00+00') as permitted_until
from decision_customer as customer
cross join (
    select distinct bridge.channel_code, channel.is_permission_needed
    from warehouse.bridge_campaign_channel as bridge
    inner join warehouse.dim_channel as channel on channel.channel_code = bridge.channel_code
    where channel.direction <> 'inbound'
) as channel
left join consent on consent.customer_id = customer.customer_id and consent.channel_code = channel.channel_code
where not coalesce(consent.has_opt_out, false)
    and (coalesce(consent.has_opt_in, false) or not coalesce(channel.is_permission_needed, true))
    and not exists (
        select 1 from decision_suppression as closed
        where closed.customer_id = customer.customer_id
            and (closed.channel_code is null or closed.channel_code = channel.channel_code)
    )
"""


def start_of_day(as_of: date, time_zone: str) -> str:
    """Write the SQL of the instant at which the company's day begins."""
    return f"timezone('{time_zone}', timestamp '{as_of.isoformat()} 00:00:00')"


def read_suppression(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> None:
    """Fill `decision_suppression`: customers (and channels) that are left alone on the day, with the reason.

    What is known to begin within the horizon of the plan counts from its first day.
    A birth year alone leaves the birthday open, so a customer counts as a minor for the whole year of the birthday.
    """
    connection.execute(
        _SUPPRESSION.format(
            year=as_of.year,
            min_age=policy.min_age_years,
            start=start_of_day(as_of, policy.time_zone),
            contact_limit=policy.contact_limit,
            bounce_days=policy.bounce_days,
            horizon_days=policy.horizon_days,
        )
    )


def read_permissions(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> None:
    """Fill `decision_permission`: open channels per customer, and the instant at which the permission ends."""
    purpose = policy.consent_purpose.replace("'", "''")
    connection.execute(_PERMISSION.format(start=start_of_day(as_of, policy.time_zone), purpose=purpose))


def members(as_of: date) -> str:
    """Write the query of who is in which segment on the day: segment_name, customer_id; a row each."""
    key = date_key(as_of)
    return f"""
        select distinct segment_name, customer_id from warehouse.fct_segment_membership
        where entered_date_key <= {key} and (exited_on is null or exited_date_key > {key})"""
