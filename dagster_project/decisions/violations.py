"""The proof that a day's plan breaks no limit: each limit is read anew from the warehouse, apart from the planning.

Belongs here: one query a limit, each returning how often it is broken. Does not belong here: how a plan keeps it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import duckdb


@dataclass(frozen=True)
class Violation:
    """A limit that the plan of a day breaks, how often, and one example (references only)."""

    limit: str
    count: int
    example: str


CONSENT = "consent at the planned hour"
# Each query returns one text per breach. `plan` holds the contacts to be made, `planned` also the controls.
_CHECKS: dict[str, str] = {
    "one contact a customer and campaign": """
        select concat(campaign_ref, ' ', customer_id) from planned
        group by campaign_ref, customer_id having count(*) > 1""",
    "expected profit is positive": "select plan_ref from planned where not coalesce(expected_profit_amount > 0, false)",
    "campaign is open on the day": """
        select plan.plan_ref from planned as plan
        left join warehouse.dim_campaign as campaign
            on campaign.campaign_ref = plan.campaign_ref and campaign.is_current
        where not coalesce(plan.planned_on between campaign.starts_on and campaign.ends_on, false)
            or plan.planned_on < plan.as_of_date""",
    "budget of the campaign": """
        with spent as (
            select campaign_ref, sum(cost_amount) as amount from warehouse.fct_campaign_contact, day
            where not coalesce(is_control, false) and sent_date_key > 0 and sent_date_key < day.day_key group by all
        ), cost as (
            select plan.campaign_ref, sum(plan.contact_cost_amount) as amount from plan group by all
        ), fixed as (
            select bridge.campaign_ref, sum(bridge.fixed_cost_amount) as amount
            from warehouse.bridge_campaign_channel as bridge
            where exists (select 1 from plan where plan.campaign_ref = bridge.campaign_ref
                and plan.channel_code = bridge.channel_code) group by all
        )
        select campaign.campaign_ref from cost
        inner join warehouse.dim_campaign as campaign
            on campaign.campaign_ref = cost.campaign_ref and campaign.is_current
        left join fixed on fixed.campaign_ref = cost.campaign_ref
        left join spent on spent.campaign_ref = cost.campaign_ref
        where cost.amount + coalesce(fixed.amount, 0) + coalesce(spent.amount, 0) > campaign.budget_amount + 0.005""",
    "capacity of the channel on a day": """
        select concat(plan.campaign_ref, ' ', plan.channel_code, ' ', plan.planned_on)
        from plan
        inner join warehouse.bridge_campaign_channel as bridge
            on bridge.campaign_ref = plan.campaign_ref and bridge.channel_code = plan.channel_code
        group by plan.campaign_ref, plan.channel_code, plan.planned_on, bridge.capacity_per_day
        having count(*) > bridge.capacity_per_day
        union all
        select concat(plan.channel_code, ' ', plan.planned_on) from plan
        group by plan.channel_code, plan.planned_on
        having count(*) > (
            select case when count(*) = count(bridge.capacity_per_day) then max(bridge.capacity_per_day) end
            from warehouse.bridge_campaign_channel as bridge
            inner join decisions.campaign_priority as listed
                on listed.campaign_ref = bridge.campaign_ref and listed.as_of_date = (select as_of_date from day)
            where bridge.channel_code = plan.channel_code)""",
    "channel belongs to the campaign": """
        select plan_ref from planned as plan where not exists (
            select 1 from warehouse.bridge_campaign_channel as bridge
            where bridge.campaign_ref = plan.campaign_ref and bridge.channel_code = plan.channel_code)""",
    CONSENT: """
        with asked as (
            select plan.plan_ref, plan.customer_id, plan.channel_code, day.purpose, hour.planned_at
            from plan cross join day
            inner join decision_hour as hour
                on hour.planned_on is not distinct from plan.planned_on
                and hour.planned_hour is not distinct from plan.planned_hour
        ), answered as (
            select asked.plan_ref, consent.is_permitted from asked
            inner join warehouse.fct_consent as consent
                on consent.customer_id = asked.customer_id and consent.channel_code = asked.channel_code
            where consent.purpose in (asked.purpose, 'all')
                and consent.valid_from <= asked.planned_at and consent.valid_to > asked.planned_at
        )
        select asked.plan_ref from asked
        inner join warehouse.dim_channel as channel on channel.channel_code = asked.channel_code
        left join answered on answered.plan_ref = asked.plan_ref
        group by asked.plan_ref, channel.is_permission_needed
        having bool_or(not answered.is_permitted)
            or (channel.is_permission_needed and not coalesce(bool_or(answered.is_permitted), false))""",
    "suppressed customers": """
        select plan.plan_ref from planned as plan
        inner join decisions.suppression as closed
            on closed.customer_id = plan.customer_id and closed.as_of_date = plan.as_of_date
            and (closed.channel_code is null or closed.channel_code = plan.channel_code)""",
    "deleted customers, minors and open complaints": """
        select plan.plan_ref from planned as plan
        cross join day
        inner join warehouse.dim_customer as customer
            on customer.customer_id = plan.customer_id and customer.is_current
        where customer.is_deleted or year(plan.as_of_date) - customer.birth_year < day.min_age
        union all
        select plan.plan_ref from planned as plan
        cross join day
        inner join warehouse.fct_service_case as cases on cases.customer_id = plan.customer_id
        where cases.is_complaint and cases.opened_at < day.starts_at
            and (cases.resolved_at is null or cases.resolved_at >= day.starts_at)""",
    "the deceased and the do-not-contact list": """
        with asked as (
            select plan.*, hour.planned_at
            from plan
            inner join decision_hour as hour
                on hour.planned_on is not distinct from plan.planned_on
                and hour.planned_hour is not distinct from plan.planned_hour
        )
        select asked.plan_ref from asked
        inner join warehouse.fct_suppression as closed on closed.customer_id = asked.customer_id
        where coalesce(closed.channel_code, asked.channel_code) = asked.channel_code
            and closed.valid_from <= asked.planned_at and closed.valid_to > asked.planned_at""",
    "contacts of a customer in a window": """
        with contact as (
            select customer_id, planned_on as contact_on, true as is_planned from plan
            union all
            select touch.customer_id, strptime(cast(touch.touchpoint_date_key as text), '%Y%m%d')::date, false
            from warehouse.fct_touchpoint as touch, day
            where touch.direction = 'outbound' and touch.touchpoint_kind in ('contact', 'campaign_contact')
                and touch.touchpoint_date_key >= day.window_key and touch.touchpoint_date_key < day.day_key
                and touch.customer_id in (select customer_id from plan)
        ), counted as (
            select customer_id, is_planned, count(*) over (
                partition by customer_id order by contact_on
                range between to_days(cast((select window_days from day) - 1 as integer)) preceding and current row
            ) as contact_count from contact
        )
        select cast(customer_id as text) from counted, day where is_planned and contact_count > day.contact_limit""",
    "days between planned contacts": """
        select cast(customer_id as text) from (
            select customer_id, planned_on - lag(planned_on) over (partition by customer_id order by planned_on) as gap
            from planned) as spaced, day
        where gap < day.gap_days""",
    "control group is the one of the hash": """
        select plan.plan_ref from planned as plan
        cross join day
        inner join warehouse.dim_campaign as campaign
            on campaign.campaign_ref = plan.campaign_ref and campaign.is_current
        where plan.is_control <> (cast(concat('0x', substr(md5(concat_ws(
            '|', day.company, plan.campaign_ref, plan.customer_id)), 1, 12)) as bigint) / 281474976710656.0
            < coalesce(campaign.control_share, day.control_share))""",
    "eligible segment": """
        select plan.plan_ref from planned as plan
        cross join day
        inner join warehouse.dim_campaign as campaign
            on campaign.campaign_ref = plan.campaign_ref and campaign.is_current
        where coalesce(campaign.eligibility, '') <> ''
            and lower(campaign.eligibility) not in ('all', 'everybody', 'everyone')
            and not exists (
                select 1 from warehouse.fct_segment_membership as member
                where member.customer_id = plan.customer_id and member.segment_name = campaign.eligibility
                    and member.entered_date_key <= day.day_key
                    and (member.exited_on is null or member.exited_date_key > day.day_key))""",
    "record belongs to the customer": """
        select plan.plan_ref from planned as plan where not exists (
            select 1 from warehouse.bridge_customer_identity as identity
            where identity.identifier_kind = 'record' and identity.is_current
                and identity.customer_id = plan.customer_id and identity.source_system = plan.source_system
                and identity.identifier = plan.customer_ref)""",
}

# What hour it is in a time zone is dear to ask: once for each hour of the plan, not for each contact.
_HOURS = """
create or replace temp table decision_hour as
select told.planned_on, told.planned_hour,
    timezone(day.time_zone, told.planned_on + to_hours(told.planned_hour)) as planned_at
from (
    select distinct planned_on, planned_hour from decisions.contact_plan
    where as_of_date = (select as_of_date from decision_day)
) as told
cross join decision_day as day
"""


def violations(connection: duckdb.DuckDBPyConnection, as_of: date | None = None) -> list[Violation]:
    """Check the plan of a day (the newest decided without one) against every limit; an empty list proves it.

    Reads the limits that were in force from `decisions.decision_policy`, everything else from `warehouse`.
    """
    if not set_day(connection, as_of):
        return []
    found = []
    for limit in _CHECKS:
        breaches = connection.execute(f"{breach_query(limit)} order by 1").fetchall()
        if breaches:
            found.append(Violation(limit, len(breaches), str(breaches[0][0])))
    return found


def breach_query(limit: str) -> str:
    """Write the query that returns one text per breach of a limit on the day that `set_day` set."""
    return f"""with day as (from decision_day),
        planned as (select * from decisions.contact_plan where as_of_date = (select as_of_date from day)),
        plan as (select * from planned where not is_control),
        breach as ({_CHECKS[limit]})
        from breach"""


def set_day(connection: duckdb.DuckDBPyConnection, as_of: date | None = None) -> bool:
    """Fill `decision_day`, one row: a day (the newest decided without one) and its limits; whether it was decided.

    `decision_hour` has the instant of each day and hour that the plan of that day names.
    """
    row = connection.execute(
        """select as_of_date, company, policy from decisions.decision_policy
        where as_of_date = coalesce(?, (select max(as_of_date) from decisions.decision_policy))""",
        [as_of],
    ).fetchone()
    if row is None:
        return False
    policy = json.loads(row[2])
    connection.execute(
        """create or replace temp table decision_day as select
            cast($day as date) as as_of_date, cast(strftime(cast($day as date), '%Y%m%d') as integer) as day_key,
            cast(strftime(as_of_date - cast($window as integer), '%Y%m%d') as integer) as window_key,
            cast($company as text) as company, cast($zone as text) as time_zone,
            timezone(cast($zone as text), cast(cast($day as date) as timestamp)) as starts_at,
            starts_at - to_days(cast($bounce as integer)) as bounced_after,
            cast($purpose as text) as purpose, cast($age as bigint) as min_age,
            cast($contact_limit as bigint) as contact_limit, cast($window as bigint) as window_days,
            cast($gap as bigint) as gap_days, cast($control as double) / 100 as control_share""",
        {
            "day": row[0],
            "company": str(row[1]),
            "zone": policy["time_zone"],
            "purpose": policy["consent_purpose"],
            "age": policy["min_age_years"],
            "contact_limit": policy["contact_limit"],
            "window": policy["contact_window_days"],
            "gap": policy["contact_gap_days"],
            "control": policy["control_pct"],
            "bounce": policy["bounce_days"],
        },
    )
    connection.execute(_HOURS)
    return True
