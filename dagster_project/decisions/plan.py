"""The contact plan: priced contacts brought to arrays, chosen, given their days, and brought back to a table.

Belongs here: the way between tables and the arrays of `allocation` and `schedule`; controls; fixed costs.
Does not belong here: what a contact is worth, how the greedy rule works.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dagster_project.decisions.allocation import Choice, Contacts, Flags, Ints, Limits, Reals, choose
from dagster_project.decisions.permission import start_of_day
from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.decisions.schedule import NEVER, Slots, assign_days

HASH_SHARE = (
    "cast(concat('0x', substr(md5(concat_ws('|', '{company}', {campaign}, {customer})), 1, 12)) as bigint) / {size}"
)
"""Where the hash of company, campaign and customer falls between 0 and 1: the same on every day and every machine."""

# The day on which a permission ends is asked only of those that end within the plan: it is dear.
_CONTACTS = """
select opportunity.rowid as opportunity, opportunity.customer_id, lane.lane, opportunity.profit,
    opportunity.profit_low, opportunity.profit_high, lane.unit_cost, customer.contact_count,
    coalesce(customer.last_contact_on - {day}, -100000) as last_contact_day,
    case
        when opportunity.permitted_until >= {end} then {horizon_days}
        else cast(
            timezone('{time_zone}', opportunity.permitted_until - to_hours(cast(customer.planned_hour + 2 as bigint)))
            as date
        ) - {day}
    end as last_day,
    {hash_share} as hash_share
from decision_opportunity as opportunity
inner join decision_customer as customer on customer.customer_id = opportunity.customer_id
inner join (
    select offer.offer, offer.campaign_ref, offer.unit_cost, numbered.lane
    from decision_offer as offer
    inner join decision_lane as numbered
        on numbered.campaign_ref = offer.campaign_ref and numbered.channel_code = offer.channel_code
) as lane on lane.offer = opportunity.offer
where cast(opportunity.profit as decimal(18, 4)) > 0
    and not exists (
        select 1 from warehouse.fct_campaign_contact as done
        where done.customer_id = opportunity.customer_id and done.campaign_ref = lane.campaign_ref
            and done.sent_date_key < {end_key} and {is_planned}
    )
order by opportunity.customer_id, opportunity.offer
"""


@dataclass(frozen=True)
class Plan:
    """What was chosen: contacts, lanes in use, and the value of money by campaign.

    A contact has its `day`, and the number of its row in `decision_opportunity` (`opportunity`).
    """

    contacts: pd.DataFrame
    lanes: pd.DataFrame
    value_of_money: pd.Series[float]
    reach: pd.Series[int]


def hash_share(company: str, campaign: str, customer: str) -> str:
    """Write the SQL of a customer's place between 0 and 1 in a campaign of a company."""
    return HASH_SHARE.format(
        company=company.replace("'", "''"), campaign=campaign, customer=customer, size=f"{2**48}.0"
    )


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    campaigns: pd.DataFrame,
    channels: pd.DataFrame,
    policy: DecisionPolicy,
    company: str,
    as_of: date,
) -> Plan:
    """Choose contacts and their days. A repeat of past campaigns is chosen without days: it has no dates yet."""
    is_planned = bool((campaigns["list_kind"] == "planned").all())
    lanes = _lanes(campaigns, channels, is_planned)
    rows = _read_contacts(connection, lanes, policy, company, as_of, is_planned)
    problem = _Problem.of(rows, campaigns, lanes, policy, is_planned)
    choice, is_open = problem.solve()
    chosen = rows.assign(is_control=problem.contacts.is_control)[choice.is_chosen]
    chosen["day"] = problem.days(choice, policy) if is_planned else 0
    chosen = chosen[chosen["day"] != NEVER]
    used = np.isin(np.arange(len(lanes)), chosen.loc[~chosen["is_control"], "lane"])
    return Plan(
        chosen,
        lanes[is_open & used],
        pd.Series(choice.value_of_money, index=campaigns["campaign_ref"], dtype=float),
        rows.groupby("campaign_ref")["customer_id"].nunique(),
    )


def _read_contacts(
    connection: duckdb.DuckDBPyConnection,
    lanes: pd.DataFrame,
    policy: DecisionPolicy,
    company: str,
    as_of: date,
    is_planned: bool,
) -> pd.DataFrame:
    named = lanes[["campaign_ref", "channel_code"]].astype(object)
    connection.register("decision_lane", named.assign(lane=np.arange(len(lanes))))
    query = _CONTACTS.format(
        day=f"date '{as_of.isoformat()}'",
        time_zone=policy.time_zone,
        horizon_days=policy.horizon_days,
        end=start_of_day(as_of + timedelta(days=policy.horizon_days + 2), policy.time_zone),
        end_key=as_of.year * 10_000 + as_of.month * 100 + as_of.day,
        is_planned=str(is_planned).lower(),
        hash_share=hash_share(company, "lane.campaign_ref", "opportunity.customer_id"),
    )
    try:
        rows = connection.execute(query).df()
    finally:
        connection.unregister("decision_lane")
    # Categories: a text for each of so many rows would cost more than to choose among them.
    for name in ("campaign_ref", "channel_code"):
        rows[name] = lanes[name].astype("category").array.take(rows["lane"])
    return rows


def _lanes(campaigns: pd.DataFrame, channels: pd.DataFrame, is_planned: bool) -> pd.DataFrame:
    """List a campaign's channels with what limits them: costs, capacity a day and in all, days."""
    lanes = campaigns.merge(channels, on="campaign_ref")
    lanes["channel"] = lanes["channel_code"].astype("category").cat.codes.astype(np.int64)
    lanes["daily"] = lanes["capacity_per_day"].astype(float).fillna(np.inf) if is_planned else np.inf
    lanes["days"] = (lanes["last_day"] - lanes["first_day"] + 1).clip(lower=0) if is_planned else 1
    lanes["capacity"] = np.where(lanes["days"] > 0, lanes["daily"] * lanes["days"].clip(lower=1), 0.0)
    # A channel serves no more a day than the largest of its campaigns may ask of it.
    lanes["channel_daily"] = lanes.groupby("channel")["daily"].transform("max")
    return lanes


@dataclass(frozen=True)
class _Problem:
    """The choice of one day as arrays; `lanes` in the order of their numbers."""

    contacts: Contacts
    limits: Limits
    fixed_cost: Reals
    campaign_of_lane: Ints
    lanes: pd.DataFrame
    rows: pd.DataFrame

    @classmethod
    def of(
        cls, rows: pd.DataFrame, campaigns: pd.DataFrame, lanes: pd.DataFrame, policy: DecisionPolicy, is_planned: bool
    ) -> _Problem:
        lane = rows["lane"].to_numpy(np.int64)
        campaign = lanes["campaign"].to_numpy(np.int64)[lane] if len(rows) else np.zeros(0, dtype=np.int64)
        _, first, customer = np.unique(rows["customer_id"], return_index=True, return_inverse=True)
        share = campaigns["control_share"].to_numpy(np.float64)[campaign]
        contacts = Contacts(
            customer.astype(np.int64), campaign, lane, rows["profit"].to_numpy(np.float64),
            rows["unit_cost"].to_numpy(np.float64), rows["hash_share"].to_numpy(np.float64) < share,
        )  # fmt: skip
        slots = policy.contact_limit - rows["contact_count"].to_numpy(np.int64)[first]
        per_channel = lanes.groupby("channel")
        total = per_channel["channel_daily"].max() * (
            per_channel["last_day"].max() - per_channel["first_day"].min() + 1
        )
        limits = Limits(
            (campaigns["budget_amount"].fillna(np.inf) - campaigns["spent_amount"]).to_numpy(np.float64),
            lanes["capacity"].to_numpy(np.float64),
            total.to_numpy(np.float64) if is_planned else np.full(len(total), np.inf),
            lanes["channel"].to_numpy(np.int64),
            slots if is_planned else np.full(len(slots), 10**6, dtype=np.int64),
        )
        return cls(
            contacts,
            limits,
            lanes["fixed_cost"].to_numpy(np.float64),
            lanes["campaign"].to_numpy(np.int64),
            lanes,
            rows,
        )

    def solve(self) -> tuple[Choice, Flags]:
        """Choose with every lane open, then close lanes that do not earn their fixed cost, one a campaign at a time."""
        is_open = self._affordable()
        while True:
            choice = self._choose(is_open)
            closing = self._lanes_to_close(choice, is_open)
            if not closing.any():
                return choice, is_open
            is_open = is_open & ~closing

    def _affordable(self) -> Flags:
        """Open each campaign's lanes by what their contacts would earn at best, as long as the fixed costs fit."""
        best = np.bincount(self.contacts.lane, weights=self.contacts.profit, minlength=len(self.lanes))
        gain, is_open = best - self.fixed_cost, np.zeros(len(self.lanes), dtype=bool)
        money = self.limits.budget.copy()
        for lane in np.argsort(-gain, kind="stable"):
            campaign = self.campaign_of_lane[lane]
            if gain[lane] > 0 and self.fixed_cost[lane] <= money[campaign]:
                is_open[lane] = True
                money[campaign] -= self.fixed_cost[lane]
        return is_open

    def _choose(self, is_open: Flags) -> Choice:
        fixed = np.bincount(
            self.campaign_of_lane, weights=np.where(is_open, self.fixed_cost, 0.0), minlength=len(self.limits.budget)
        )
        usable = is_open[self.contacts.lane]
        contacts = replace(self.contacts, profit=np.where(usable, self.contacts.profit, -1.0))
        return choose(contacts, replace(self.limits, budget=self.limits.budget - fixed))

    def _lanes_to_close(self, choice: Choice, is_open: Flags) -> Flags:
        """Mark, in each campaign, the open lane that falls shortest of its fixed cost, if one does.

        A lane earns what its contacts earn beyond the best that the campaign's other open lanes could do for them.
        """
        made = choice.is_chosen & ~self.contacts.is_control
        contacts, usable = self.contacts, is_open[self.contacts.lane]
        pair = contacts.customer * len(self.limits.budget) + contacts.campaign
        order = np.lexsort((-np.where(usable, contacts.profit, -np.inf), pair))
        other = np.zeros(len(pair))
        first = np.unique(pair[order], return_index=True)[1] if len(pair) else np.zeros(0, dtype=np.int64)
        has_next = (
            np.append(pair[order][1:] == pair[order][:-1], False)[first] if len(pair) else np.zeros(0, dtype=bool)
        )
        best_row, next_row = order[first], order[np.minimum(first + 1, max(len(order) - 1, 0))]
        position = np.searchsorted(pair[best_row], pair) if len(pair) else np.zeros(0, dtype=np.int64)
        alternative = np.where(has_next & usable[next_row], contacts.profit[next_row], 0.0)
        is_best = best_row[position] == np.arange(len(pair)) if len(pair) else np.zeros(0, dtype=bool)
        other = np.where(is_best, alternative[position], contacts.profit[best_row][position])
        earned = np.bincount(
            contacts.lane, weights=np.where(made, np.maximum(contacts.profit - other, 0), 0.0), minlength=len(is_open)
        )
        short = np.where(is_open, self.fixed_cost - earned, -np.inf)
        short[self.fixed_cost <= 0] = -np.inf
        worst = pd.Series(short).groupby(self.campaign_of_lane).transform("max").to_numpy(np.float64)
        closing: Flags = is_open & (short > 0) & (short == worst)
        return closing

    def days(self, choice: Choice, policy: DecisionPolicy) -> NDArray[np.int64]:
        """Give the chosen contacts their days, the densest first; in the order of the rows chosen."""
        rows = np.flatnonzero(choice.is_chosen)
        density = self.contacts.profit[rows] / np.maximum(self.contacts.cost[rows], 1e-9)
        order = np.lexsort((self.contacts.customer[rows], -density))
        served = rows[order]
        last = np.full(len(self.limits.customer_slots), -100_000, dtype=np.int64)
        last[self.contacts.customer] = self.rows["last_contact_day"].to_numpy(np.int64)
        per_channel = self.lanes.groupby("channel")["channel_daily"].max().to_numpy(np.float64)
        slots = Slots(
            self.contacts.customer[served], self.contacts.lane[served],
            self.rows["last_day"].to_numpy(np.int64)[served], self.contacts.is_control[served],
            self.lanes["first_day"].to_numpy(np.int64), self.lanes["last_day"].to_numpy(np.int64),
            self.lanes["daily"].to_numpy(np.float64), self.limits.channel_of_lane, per_channel, last,
        )  # fmt: skip
        day = np.full(len(rows), NEVER, dtype=np.int64)
        day[order] = assign_days(slots, policy.horizon_days, policy.contact_gap_days)
        return day
