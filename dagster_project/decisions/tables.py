"""The tables of schema `decisions`: their columns and what each means.

Belongs here: shape. Does not belong here: any choice.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from dagster_project.scoring.daily_tables import Columns, prepare_tables

_DAY: Columns = {"as_of_date": ("date", "Decided for this day, from what happened before it.")}
_CAMPAIGN: Columns = {
    "campaign_ref": ("text", "The campaign."),
    "campaign_key": ("bigint", "Version of the campaign in force on the day."),
}
_CUSTOMER: Columns = {"customer_id": ("bigint", "The customer.")}
_CHANNEL: Columns = {"channel_code": ("text", "The channel.")}

TABLES: Mapping[str, Columns] = {
    "campaign_customer_profit": {
        **_DAY,
        **_CAMPAIGN,
        **_CUSTOMER,
        "channel_code": ("text", "The permitted channel on which the contact is expected to earn most."),
        "customer_band": ("text", "never, frequent, recent, lapsing or dormant: how lately and often he bought."),
        "uplift": ("double", "Extra orders that the contact is expected to cause within the response window."),
        "uplift_low": ("double", "Lower end."),
        "uplift_high": ("double", "Upper end."),
        "order_margin_amount": ("decimal(18,4)", "Margin expected of one order of the customer, before the offer."),
        "brought_forward_share": ("double", "Share of the extra orders that is expected to be missed later."),
        "offer_cost_amount": ("decimal(18,4)", "Expected cost of the offer, taken also by who would buy anyway."),
        "leaving_cost_amount": ("decimal(18,4)", "Expected loss of a year's margin with customers who are driven off."),
        "contact_cost_amount": ("decimal(18,4)", "Unit cost of the contact."),
        "expected_profit_amount": (
            "decimal(18,4)",
            "Uplift x margin not brought forward - offer - leaving - contact cost.",
        ),
        "expected_profit_amount_low": ("decimal(18,4)", "Lower end, from the uncertainty of the estimates."),
        "expected_profit_amount_high": ("decimal(18,4)", "Upper end, from the uncertainty of the estimates."),
        "value_basis": ("text", "'margin', or 'revenue' where the company's costs are not known."),
    },
    "campaign_priority": {
        **_DAY,
        "rank": ("bigint", "1 = first; campaigns with a known expected profit come before the others."),
        **_CAMPAIGN,
        "list_kind": ("text", "planned, or repeat_candidate where every campaign lies in the past."),
        "name": ("text", "Name of the campaign."),
        "objective": ("text", "What it is for."),
        "expected_profit_amount": (
            "decimal(18,4)",
            "Expected extra profit of its planned contacts (or of a repeat), fixed costs off; null where not known.",
        ),
        "expected_profit_amount_low": ("decimal(18,4)", "Lower end, as if all contacts erred together."),
        "expected_profit_amount_high": ("decimal(18,4)", "Upper end, as if all contacts erred together."),
        "cost_amount": ("decimal(18,4)", "Unit and fixed costs of those contacts."),
        "return_on_spend": ("double", "Expected profit over cost; null without cost."),
        "eligible_count": ("bigint", "Customers in the campaign's segment."),
        "permitted_count": ("bigint", "Of these, not suppressed and with a channel that is permitted."),
        "reach_count": ("bigint", "Of these, expected to earn more than they cost."),
        "contact_count": ("bigint", "Contacts in the plan of the day."),
        "control_count": ("bigint", "Customers held out in the plan of the day."),
        "value_of_one_more_euro_of_budget": (
            "double",
            "Expected profit of one more unit of home currency of budget; 0 where the budget does not bind.",
        ),
        "observed_response_share": ("double", "Share of past contacts that were answered; says nothing of the effect."),
        "is_cost_known": ("boolean", "Whether a channel of the campaign has a unit cost."),
        "is_control_known": ("boolean", "Whether it, or a campaign of its name, was held against a control group."),
        "evidence": ("text", "own, objective_and_channel, all_campaigns or none: where the uplift comes from."),
        "reason": ("text", "In words."),
    },
    "contact_plan": {
        "plan_ref": ("text", "The planned contact; comes back in the feed campaign_contacts."),
        **_DAY,
        **_CAMPAIGN,
        **_CUSTOMER,
        "source_system": ("text", "System of the record to contact."),
        "customer_ref": ("text", "The record to contact."),
        **_CHANNEL,
        "planned_on": ("date", "Day, in the company's time zone."),
        "planned_hour": ("bigint", "Hour of that day, when the customer is used to buy."),
        "offer_kind": ("text", "Kind of offer."),
        "offer_value": ("decimal(18,4)", "Its value: per cent, money of the campaign, or points."),
        "coupon_code": ("text", "Code that ties an order to the campaign."),
        "variant": ("text", "'plan', so that a result can be told from those of other choices."),
        "is_control": ("boolean", "Held out: not to be contacted."),
        "contact_cost_amount": ("decimal(18,4)", "Unit cost; 0 for a control."),
        "expected_profit_amount": ("decimal(18,4)", "Expected extra profit of the contact."),
        "reason": ("text", "In words."),
    },
    "control_group": {
        **_DAY,
        **_CAMPAIGN,
        **_CUSTOMER,
        "control_share": ("double", "Share of the campaign's chosen customers that is held out."),
        "hash_share": ("double", "Where the customer's hash falls in 0 to 1; below the share = held out."),
    },
    "suppression": {
        **_DAY,
        **_CUSTOMER,
        "channel_code": ("text", "The channel that is closed; null = all."),
        "reason": ("text", "deleted, deceased, open_complaint, minor, bounced, contact_limit, or as listed."),
    },
    "withheld_contact": {
        "plan_ref": ("text", "A planned contact that was not handed over."),
        **_DAY,
        "reason": ("text", "What stood against it at its hour when the outbox was written."),
    },
    "decision_policy": {
        **_DAY,
        "company": ("text", "Name of the company, part of the hash that picks controls."),
        "policy": ("json", "The limits in force when the day was decided."),
    },
}
GRAIN: Mapping[str, tuple[str, ...]] = {
    "campaign_customer_profit": ("campaign_ref",),
    "contact_plan": ("plan_ref",),
    "control_group": ("campaign_ref",),
    "suppression": ("channel_code", "reason"),
}
"""What tells the rows of one customer and day apart."""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of schema `decisions`, empty."""
    prepare_tables(connection, "decisions", TABLES)
