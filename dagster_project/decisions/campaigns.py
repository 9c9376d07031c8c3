"""The campaigns on the day: which can still be carried out, with what money and on which channels.

Belongs here: reading `dim_campaign` and its channels. Does not belong here: what they are expected to earn.
"""

from __future__ import annotations

import re
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from dagster_project.decisions.policy import DecisionPolicy

EVERYBODY = ("all", "everybody", "everyone")

_CAMPAIGNS = """
select campaign.campaign_ref, campaign.campaign_key, campaign.name, campaign.objective, campaign.starts_on,
    campaign.ends_on, campaign.offer_kind, cast(campaign.offer_value as double) as offer_value, campaign.coupon_code,
    nullif(trim(campaign.eligibility), '') as eligibility,
    cast(campaign.budget_amount as double) as budget_amount,
    coalesce(cast(campaign.budget_amount / nullif(campaign.budget_amount_original, 0) as double), 1.0) as rate_to_home,
    cast(campaign.control_share as double) as control_share, campaign.status,
    coalesce(segment.is_known, false) as is_segment_known
from warehouse.dim_campaign as campaign
left join (
    select distinct segment_name, true as is_known from warehouse.fct_segment_membership
    union select distinct segment_name, true from warehouse.dim_segment where segment_key <> -1
) as segment on segment.segment_name = campaign.eligibility
where campaign.campaign_key <> -1 and not coalesce(campaign.is_inferred, false)
    and campaign.is_current and campaign.is_announced
order by campaign.campaign_ref
"""
_CHANNELS = """
select campaign_ref, channel_code, cast(unit_cost_amount as double) as unit_cost,
    coalesce(cast(fixed_cost_amount as double), 0.0) as fixed_cost, capacity_per_day
from warehouse.bridge_campaign_channel
order by campaign_ref, channel_code
"""


def read_campaigns(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> pd.DataFrame:
    """List the campaigns to rank on the day; none where the company has none.

    They are those that have not ended (list_kind planned); where all lie in the past, those of the past
    (repeat_candidate). Columns: as in `dim_campaign`, and family (the name without a year), list_kind, first_day and
    last_day of contacts within the horizon (counted from the day), is_open_to_all, control_share with the policy's
    default, campaign (its number, from 0, in the order of the references). A campaign known only from facts is none:
    nobody said what it is.
    """
    campaigns = connection.execute(_CAMPAIGNS).df()
    campaigns["family"] = [
        campaign_family(name, ref) for name, ref in zip(campaigns["name"], campaigns["campaign_ref"], strict=True)
    ]
    campaigns["control_share"] = campaigns["control_share"].fillna(policy.control_pct / 100)
    text = campaigns["eligibility"].astype("string")
    campaigns["is_open_to_all"] = text.isna() | (
        text.str.lower().isin(EVERYBODY).fillna(False) & ~campaigns["is_segment_known"]
    )
    day = pd.Timestamp(as_of)
    starts, ends = ((pd.to_datetime(campaigns[c]) - day).dt.days for c in ("starts_on", "ends_on"))
    is_ahead = (ends >= 0) & (campaigns["status"].astype("string").fillna("planned") != "done")
    campaigns["first_day"] = starts.clip(lower=0)
    campaigns["last_day"] = ends.clip(upper=policy.horizon_days - 1)
    listed = campaigns[is_ahead] if is_ahead.any() else campaigns[ends < 0]
    listed = listed.assign(list_kind="planned" if is_ahead.any() else "repeat_candidate")
    return listed.assign(campaign=np.arange(len(listed))).reset_index(drop=True)


def read_catalogue(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Name family and objective of every campaign ever: campaign_ref, family, objective."""
    rows = connection.execute(
        """select campaign_ref, name, coalesce(objective, 'unknown') as objective
        from warehouse.dim_campaign where is_current and is_announced and campaign_key <> -1
        order by campaign_ref"""
    ).df()
    family = [campaign_family(name, ref) for name, ref in zip(rows["name"], rows["campaign_ref"], strict=True)]
    return rows.assign(family=family)[["campaign_ref", "family", "objective"]]


def read_channels(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Read campaign_ref, channel_code, unit_cost (NaN = unknown), fixed_cost, capacity_per_day (NaN = no limit)."""
    return connection.execute(_CHANNELS).df()


def campaign_family(name: object, reference: str) -> str:
    """Name what a campaign is a version of: its name without years and numbers, or its reference without a name.

    >>> campaign_family("Summer sale 2024", "C1"), campaign_family("Summer Sale 25 (2nd)", "C2")
    ('summer sale', 'summer sale nd')
    """
    if not isinstance(name, str) or not name.strip():
        return reference
    words = re.sub(r"[\W\d_]+", " ", name.casefold()).strip()
    return words or reference
