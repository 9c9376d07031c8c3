"""The list of campaigns by the profit that they are expected to add, each with its reason in words.

Belongs here: adding up, ranking, wording. Does not belong here: any estimate or choice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from dagster_project.decisions.plan import Plan
from dagster_project.decisions.uplift import UpliftModel
from dagster_project.scoring.purchase_history import date_key

_OBSERVED = """
select campaign_ref, avg(case when is_responded then 1.0 else 0.0 end) as observed_response_share
from warehouse.fct_campaign_contact
where not coalesce(is_control, false) and sent_date_key > 0 and sent_date_key < ?
group by campaign_ref
"""
EVIDENCE_WORDS = {
    "own": "its own past results against control",
    "objective_and_channel": "results against control of campaigns with its objective and channel",
    "all_campaigns": "the mean result of all campaigns against control",
}


def rank_campaigns(
    connection: duckdb.DuckDBPyConnection,
    campaigns: pd.DataFrame,
    offer_rows: pd.DataFrame,
    reach: pd.DataFrame,
    plan: Plan,
    model: UpliftModel,
    as_of: date,
) -> pd.DataFrame:
    """Build the rows of `campaign_priority`, first the campaigns whose profit is known, highest first.

    The others follow by the share of past contacts that were answered, which says nothing of the effect, and by name.
    """
    rows = campaigns.merge(_sums(plan), on="campaign_ref", how="left").merge(reach, on="campaign_ref", how="left")
    rows = rows.merge(_knowledge(offer_rows), on="campaign_ref", how="left")
    observed = connection.execute(_OBSERVED, [date_key(as_of)]).df()
    rows = rows.merge(observed, on="campaign_ref", how="left")
    rows["is_cost_known"] = rows["is_cost_known"].astype("boolean").fillna(False).astype(bool)
    rows["evidence"] = rows["evidence"].astype(object).where(rows["evidence"].notna(), "none")
    rows["reach_count"] = rows["campaign_ref"].map(plan.reach)
    counts = ["contact_count", "control_count", "eligible_count", "permitted_count", "reach_count"]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    families = {name for kind, name, _ in model.compared if kind == "family"}
    rows["is_control_known"] = rows["family"].isin(families)
    is_known = rows["is_cost_known"] & (rows["evidence"] != "none")
    for name in ["expected_profit_amount", "expected_profit_amount_low", "expected_profit_amount_high", "cost_amount"]:
        rows[name] = rows[name].fillna(0.0).where(is_known)
    rows["return_on_spend"] = (rows["expected_profit_amount"] / rows["cost_amount"]).where(rows["cost_amount"] > 0)
    money = rows["campaign_ref"].map(plan.value_of_money)
    rows["value_of_one_more_euro_of_budget"] = money.where(is_known)
    rows["reason"] = [_reason(row) for row in rows.to_dict("records")]
    rows = rows.sort_values(
        ["expected_profit_amount", "observed_response_share", "name", "campaign_ref"],
        ascending=[False, False, True, True], na_position="last", kind="stable",
    )  # fmt: skip
    if (rows["list_kind"] == "repeat_candidate").all():
        rows["contact_count"] = rows["control_count"] = 0
    return rows.assign(rank=np.arange(1, len(rows) + 1))


def _sums(plan: Plan) -> pd.DataFrame:
    """Profit and cost by campaign: of contacts made, fixed costs of the channels in use off."""
    made = plan.contacts[~plan.contacts["is_control"]]
    sums = made.groupby("campaign_ref").agg(
        expected_profit_amount=("profit", "sum"),
        expected_profit_amount_low=("profit_low", "sum"),
        expected_profit_amount_high=("profit_high", "sum"),
        cost_amount=("unit_cost", "sum"),
        contact_count=("customer_id", "size"),
    )
    fixed = plan.lanes.groupby("campaign_ref")["fixed_cost"].sum().reindex(sums.index).fillna(0.0)
    for name in ["expected_profit_amount", "expected_profit_amount_low", "expected_profit_amount_high"]:
        sums[name] -= fixed
    sums["cost_amount"] += fixed
    held_out = plan.contacts[plan.contacts["is_control"]].groupby("campaign_ref").size()
    return sums.join(held_out.rename("control_count"), how="outer").reset_index()


def _knowledge(offer_rows: pd.DataFrame) -> pd.DataFrame:
    """Say by campaign whether a cost is known, and the best evidence that any of its channels has."""
    order = {"own": 0, "objective_and_channel": 1, "all_campaigns": 2, "none": 3}
    names = {position: name for name, position in order.items()}
    known = offer_rows.assign(is_cost_known=offer_rows["unit_cost"].notna(), order=offer_rows["evidence"].map(order))
    table = known.groupby("campaign_ref", as_index=False).agg(
        is_cost_known=("is_cost_known", "any"), order=("order", "min")
    )
    return table.assign(evidence=table["order"].map(names))[["campaign_ref", "is_cost_known", "evidence"]]


def _reason(row: Mapping[Any, Any]) -> str:
    """Say in one sentence why the campaign stands where it stands."""
    gaps = [
        *([] if row["is_cost_known"] else ["the cost of a contact is not known"]),
        *([] if row["evidence"] != "none" else ["no campaign was ever held against a control group"]),
    ]
    share = row["observed_response_share"]
    seen = (
        f"; {share:.1%} of its past contacts were answered"
        if isinstance(share, float) and not math.isnan(share)
        else ""
    )
    start = "A candidate to repeat, all campaigns lie in the past: " if row["list_kind"] == "repeat_candidate" else ""
    if gaps:
        return f"{start}no expected profit, because {' and '.join(gaps)}{seen}."
    if not row["eligible_count"]:
        group = f"segment {row['eligibility']}" if row["is_segment_known"] else f"unknown segment {row['eligibility']}"
        return f"{start}nobody is in its {group}."
    if not row["permitted_count"]:
        return f"{start}none of its {row['eligible_count']} eligible customers may be contacted."
    words = EVIDENCE_WORDS[row["evidence"]]
    if not row["contact_count"]:
        return f"{start}no contact pays, by {words}{_too_early(row)}."
    binds = " The budget binds." if row["value_of_one_more_euro_of_budget"] > 0 else ""
    return (
        f"{start}{row['contact_count']} contacts are expected to add {float(str(row['expected_profit_amount'])):,.0f} "
        f"for {float(str(row['cost_amount'])):,.0f}, by {words}.{binds}"
    )


def _too_early(row: Mapping[Any, Any]) -> str:
    is_late = row["list_kind"] == "planned" and row["first_day"] > row["last_day"]
    return ", and it starts beyond the plan's horizon" if is_late else ""
