"""The decisions of one day: who may be contacted, what it earns, which contacts are made, how campaigns rank.

Belongs here: the order of the steps, the tables they give, their report. Does not belong here: any step's rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from dagster_project.decisions.affinity import read_affinity
from dagster_project.decisions.aftermath import estimate_aftermath
from dagster_project.decisions.campaigns import read_campaigns, read_catalogue, read_channels
from dagster_project.decisions.history import read_customer_days, read_customers
from dagster_project.decisions.past_contacts import read_arms, read_leavers, read_past_contacts
from dagster_project.decisions.permission import read_permissions, read_suppression
from dagster_project.decisions.plan import Plan, hash_share, make_plan
from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.decisions.priority import rank_campaigns
from dagster_project.decisions.profit import best_contacts, count_reach, offers, price_contacts, read_eligible
from dagster_project.decisions.tables import GRAIN, TABLES, prepare
from dagster_project.decisions.uplift import UpliftModel, estimate_uplift
from dagster_project.scoring import prepare as prepare_scores
from dagster_project.scoring.daily_tables import write_day
from dagster_project.scoring.purchase_history import date_key
from dagster_project.settings import Settings

_SPENT = """
select campaign_ref, cast(coalesce(sum(cost_amount), 0) as double) as spent_amount
from warehouse.fct_campaign_contact
where not coalesce(is_control, false) and sent_date_key > 0 and sent_date_key < ?
group by campaign_ref
"""
# In the order of the plan, before the long texts are written: a sort would drag them along.
_PLAN = """
create or replace temp table decided_contact as
select offer.campaign_ref, offer.campaign_key, chosen.customer_id, customer.source_system, customer.customer_ref,
    offer.channel_code, date '{day}' + cast(chosen.day as integer) as planned_on, customer.planned_hour,
    campaign.offer_kind, campaign.offer_value, campaign.coupon_code, campaign.control_share, chosen.is_control,
    chosen.profit, opportunity.uplift, opportunity.order_margin, opportunity.forward_share, opportunity.offer_cost,
    opportunity.leaving_cost, offer.unit_cost, offer.band
from chosen_contact as chosen
inner join decision_opportunity as opportunity on opportunity.rowid = chosen.opportunity
inner join decision_customer as customer on customer.customer_id = chosen.customer_id
inner join decision_offer as offer on offer.offer = opportunity.offer
inner join decision_listed as campaign on campaign.campaign = opportunity.campaign
order by planned_on, opportunity.campaign, chosen.customer_id
"""
_WORDED = """
create or replace temp view worded_contact as
select *,
    concat(
        'P{key}-', substr(md5(concat_ws('|', '{company}', campaign_ref, customer_id, '{key}')), 1, 12)
    ) as plan_ref,
    'plan' as variant,
    case when is_control then 0 else unit_cost end as contact_cost_amount,
    profit as expected_profit_amount,
    concat(
        case when is_control then 'Held out to measure the campaign; a contact was expected to add '
            else 'Expected to add ' end,
        -- One call: each reads its pattern anew. None of these is null where there is a profit.
        printf(
            '%.2f: %.4f extra orders of %.2f (%.0f %% only brought forward), less %.2f for the offer, %.2f for who '
            || 'is driven off and %.2f for the contact; he bought: ',
            profit, uplift, order_margin, 100 * forward_share, offer_cost, leaving_cost, unit_cost
        ),
        band, '.'
    ) as reason
from decided_contact
"""
_CONTROLS = """
create or replace temp view held_out_contact as
select campaign_ref, campaign_key, customer_id, control_share, {hash_share} as hash_share
from decided_contact
where is_control
order by campaign_ref, customer_id
"""


@dataclass(frozen=True)
class DecisionReport:
    """What was decided: rows by table, the list, the uplift behind it, and what a reader must be told."""

    as_of: date
    rows: dict[str, int]
    priority: pd.DataFrame
    uplift: UpliftModel | None
    notes: tuple[str, ...]


def decide(
    connection: duckdb.DuckDBPyConnection, settings: Settings, company_policy: DecisionPolicy, as_of: date
) -> DecisionReport:
    """Decide for the day from `warehouse` and `scores` before it, and replace that day's rows in schema `decisions`.

    Amounts are home currency; tables and columns: `dagster_project.decisions.tables.TABLES`. A company without
    campaigns gets empty tables and a note. The same facts give the same decisions, row for row.
    """
    prepare(connection)
    prepare_scores(connection)
    basis = read_customer_days(connection, as_of)
    read_customers(connection, as_of, company_policy)
    read_suppression(connection, as_of, company_policy)
    frames: dict[str, pd.DataFrame | str] = {name: pd.DataFrame() for name in TABLES}
    frames["suppression"] = "(from decision_suppression order by all)"
    frames["decision_policy"] = pd.DataFrame(
        [{"company": settings.company_name, "policy": company_policy.model_dump_json()}]
    )
    campaigns = read_campaigns(connection, as_of, company_policy)
    if campaigns.empty:
        note = "The company has no campaign that is described: nothing to rank, nobody to contact."
        rows = write_day(connection, "decisions", TABLES, as_of, frames, GRAIN)
        return DecisionReport(as_of, rows, pd.DataFrame(), None, (note,))
    campaigns = _with_spending(connection, campaigns, as_of)
    channels = read_channels(connection)
    model, offer_rows = price(connection, campaigns, channels, company_policy, as_of)
    plan = make_plan(connection, campaigns, channels, company_policy, settings.company_name, as_of)
    reach = count_reach(connection)
    frames["campaign_customer_profit"] = best_contacts(connection, basis)
    priority = rank_campaigns(connection, campaigns, offer_rows, reach, plan, model, as_of)
    frames["campaign_priority"] = priority
    if (campaigns["list_kind"] == "planned").all():
        frames |= _plan_tables(connection, plan, settings.company_name, as_of)
    rows = write_day(connection, "decisions", TABLES, as_of, frames, GRAIN)
    return DecisionReport(as_of, rows, priority, model, _notes(priority, basis))


def price(
    connection: duckdb.DuckDBPyConnection,
    campaigns: pd.DataFrame,
    channels: pd.DataFrame,
    company_policy: DecisionPolicy,
    as_of: date,
) -> tuple[UpliftModel, pd.DataFrame]:
    """Learn from past contacts and price every permitted one (`decision_opportunity`); returns model and offers.

    Needs the tables of `read_customer_days`, `read_customers` and `read_suppression`.
    """
    read_permissions(connection, as_of, company_policy)
    read_eligible(connection, campaigns, as_of)
    read_affinity(connection, as_of)
    read_past_contacts(connection, as_of, company_policy)
    arms, catalogue = read_arms(connection), read_catalogue(connection)
    model = estimate_uplift(arms, catalogue)
    aftermath = estimate_aftermath(arms, read_leavers(connection), catalogue, model)
    offer_rows = offers(campaigns, channels, model, aftermath)
    price_contacts(connection, offer_rows, aftermath, as_of, company_policy)
    return model, offer_rows


def _with_spending(connection: duckdb.DuckDBPyConnection, campaigns: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Add what a planned campaign has spent already; a repeat would start with its whole budget."""
    spent = connection.execute(_SPENT, [date_key(as_of)]).df()
    campaigns = campaigns.merge(spent, on="campaign_ref", how="left")
    is_planned = campaigns["list_kind"] == "planned"
    return campaigns.assign(spent_amount=campaigns["spent_amount"].fillna(0.0).where(is_planned, 0.0))


def _plan_tables(connection: duckdb.DuckDBPyConnection, plan: Plan, company: str, as_of: date) -> dict[str, str]:
    if plan.contacts.empty:
        return {}
    connection.register("chosen_contact", plan.contacts[["opportunity", "customer_id", "day", "is_control", "profit"]])
    try:
        connection.execute(_PLAN.format(day=as_of.isoformat()))
    finally:
        connection.unregister("chosen_contact")
    connection.execute(_WORDED.format(company=company.replace("'", "''"), key=date_key(as_of)))
    share = hash_share(company, "campaign_ref", "customer_id")
    connection.execute(_CONTROLS.format(hash_share=share))
    return {"contact_plan": "worded_contact", "control_group": "held_out_contact"}


def _notes(priority: pd.DataFrame, basis: str) -> tuple[str, ...]:
    notes = []
    if (priority["list_kind"] == "repeat_candidate").all():
        notes.append("Every campaign lies in the past: the list ranks candidates to repeat, and nobody is contacted.")
    without_cost, without_control = (~priority["is_cost_known"]).sum(), (priority["evidence"] == "none").sum()
    if without_cost:
        notes.append(f"{without_cost} campaigns have no known cost of a contact, so no expected profit.")
    if without_control:
        notes.append(f"{without_control} campaigns have no control group to learn from, so no expected profit.")
    if basis == "revenue":
        notes.append("Too few order lines have a known cost: expected profit counts revenue, not margin.")
    return tuple(notes)
