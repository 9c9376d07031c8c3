"""The gate before the outbox: whether each planned contact may still be made at its hour, by what is known now.

Belongs here: asking once more, apart from the planning, and keeping what was withheld. Does not belong here: planning
with permission (`permission.py`), the proof of a plan (`violations.py`).
"""

from __future__ import annotations

from datetime import date

import duckdb

from dagster_project.decisions.violations import CONSENT, breach_query, set_day

# Each is asked at the hour of the contact, so that a permission withdrawn or a complaint opened since counts.
_WITHHELD = f"""
with consented as ({breach_query(CONSENT)}),
asked as (
    select plan.plan_ref, plan.customer_id, plan.channel_code, plan.planned_on, day.min_age, day.bounced_after,
        hour.planned_at
    from decisions.contact_plan as plan
    inner join decision_day as day on day.as_of_date = plan.as_of_date
    inner join decision_hour as hour
        on hour.planned_on is not distinct from plan.planned_on
        and hour.planned_hour is not distinct from plan.planned_hour
    where not plan.is_control
)
select plan_ref, 'no_permission' as reason from consented
union
select asked.plan_ref, case when customer.is_deleted then 'deleted' else 'minor' end
from asked
inner join warehouse.dim_customer as customer on customer.customer_id = asked.customer_id and customer.is_current
where customer.is_deleted or year(asked.planned_on) - customer.birth_year <= asked.min_age and asked.min_age > 0
union
select asked.plan_ref, 'open_complaint'
from asked
inner join warehouse.fct_service_case as complaint on complaint.customer_id = asked.customer_id
where complaint.is_complaint and complaint.opened_at < asked.planned_at
    and (complaint.resolved_at is null or complaint.resolved_at >= asked.planned_at)
union
select asked.plan_ref, closed.reason
from asked
inner join warehouse.fct_suppression as closed on closed.customer_id = asked.customer_id
where coalesce(closed.channel_code, asked.channel_code) = asked.channel_code
    and closed.valid_from <= asked.planned_at and closed.valid_to > asked.planned_at
union
select asked.plan_ref, 'bounced'
from asked
inner join warehouse.dim_channel as channel on channel.channel_code = asked.channel_code
inner join warehouse.fct_campaign_contact as contact
    on contact.customer_id = asked.customer_id and contact.channel_key = channel.channel_key
group by asked.plan_ref
having max(contact.bounced_at) filter (
    where contact.bounced_at < asked.planned_at
        and contact.bounced_at >= asked.bounced_after
) >= coalesce(max(contact.delivered_at) filter (where contact.delivered_at < asked.planned_at), timestamptz '-infinity')
"""


def withhold(connection: duckdb.DuckDBPyConnection, as_of: date) -> int:
    """Find the contacts of the plan of a day that may not be made, and keep them in `decisions.withheld_contact`.

    Returns how many. What was withheld for that day before is replaced: a permission that came back counts too.
    """
    set_day(connection, as_of)
    connection.execute("begin")
    try:
        connection.execute("delete from decisions.withheld_contact where as_of_date = ?", [as_of])
        row = connection.execute(
            f"""insert into decisions.withheld_contact by name
            select plan_ref, cast($day as date) as as_of_date, string_agg(reason, ', ' order by reason) as reason
            from ({_WITHHELD}) as withheld group by plan_ref order by plan_ref""",
            {"day": as_of},
        ).fetchone()
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise
    return int(row[0]) if row else 0
