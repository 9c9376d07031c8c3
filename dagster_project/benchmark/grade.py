"""The verb `grade`: a simulated company's plan against what the world says that it truly earns, beside other choices.

Every choice makes as many contacts of each campaign as the plan does, of the same candidates by the same channels, so
that only who is contacted differs. Fixed costs of channels are the same for all and left out.

Belongs here: the comparison. Does not belong here: the world's formula (`world_truth.py`), its customers against the
world's persons (`grade_identity.py`), which the verb shows first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dagster_project.benchmark.grade_identity import show_identity
from dagster_project.benchmark.world_truth import World, read_world, true_profit
from dagster_project.database import tables
from dagster_project.operations.session import Session
from dagster_project.settings import StellaError

Reals = NDArray[np.float64]
_DRAWS = 20

# A candidate that is not planned is contacted on the day and at the hour on which his campaign's contacts are planned.
_CANDIDATES = """
with record as (
    select customer_id, arg_min(source_system, identifier) as source_system, min(identifier) as customer_ref
    from intermediate.identity_ledger where identifier_kind = 'record' and believed_to is null group by customer_id
),
planned as (
    select campaign_ref, customer_id, channel_code, source_system, customer_ref, planned_on, planned_hour, is_control
    from decisions.contact_plan where as_of_date = $day
),
moment as (
    select campaign_ref, quantile_disc(planned_on, 0.5) as planned_on, quantile_disc(planned_hour, 0.5) as planned_hour
    from planned group by campaign_ref
)
select candidate.campaign_ref, candidate.customer_id,
    coalesce(planned.channel_code, candidate.channel_code) as channel_code,
    coalesce(planned.source_system, record.source_system) as source_system,
    coalesce(planned.customer_ref, record.customer_ref) as customer_ref,
    coalesce(planned.planned_on, moment.planned_on) as planned_on,
    coalesce(planned.planned_hour, moment.planned_hour) as hour,
    planned.customer_id is not null and not planned.is_control as is_planned,
    candidate.expected_profit_amount::double as expected, coalesce(activity.expected_order_count, 0) as orders
from decisions.campaign_customer_profit as candidate
inner join moment using (campaign_ref)
inner join record using (customer_id)
left join planned using (campaign_ref, customer_id)
left join scores.score_customer_activity as activity
    on candidate.customer_id = activity.customer_id and activity.as_of_date = $day
where candidate.as_of_date = $day and candidate.expected_profit_amount is not null
order by candidate.campaign_ref, candidate.customer_id
"""


@dataclass(frozen=True)
class Grade:
    """True profit of the plan's contacts and of other choices of as many, home currency, before fixed costs.

    `expected` is what the plan says, `low` and `high` the interval of the priority list without its fixed costs;
    `together` is the plan's true profit when all its contacts are made, the others are of contacts made alone.
    """

    contacts: int
    expected: float
    low: float
    high: float
    together: float
    plan: float
    at_random: float
    best_customers: float
    perfect: float


def grade(connection: duckdb.DuckDBPyConnection, world: World, day: object) -> Grade:
    """Compare the contact plan of a day with the truth and with other choices.

    Raises:
        StellaError: nothing is planned on that day.
    """
    candidates = connection.execute(_CANDIDATES, {"day": day}).df()
    made = candidates["is_planned"].to_numpy(bool) if len(candidates) else np.zeros(0, dtype=bool)
    if not made.any():
        raise StellaError("The plan has no contact: there is nothing to grade.")
    candidates["day"] = [world.day(pd.Timestamp(moment).date()) for moment in candidates["planned_on"]]
    alone = true_profit(world, candidates, together=False)
    low, high = _interval(connection, day)
    generator = np.random.default_rng(0)
    return Grade(
        contacts=int(made.sum()),
        expected=float(candidates["expected"][made].sum()),
        low=low,
        high=high,
        together=float(true_profit(world, candidates[made], together=True).sum()),
        plan=float(alone[made].sum()),
        at_random=float(np.mean([_earned(candidates, alone, generator.random) for _ in range(_DRAWS)])),
        best_customers=_earned(candidates, alone, lambda _: candidates["orders"].to_numpy(np.float64)),
        perfect=_earned(candidates, alone, lambda _: alone),
    )


def _interval(connection: duckdb.DuckDBPyConnection, day: object) -> tuple[float, float]:
    row = connection.execute(
        """
        select coalesce(sum(expected_profit_amount_low + fixed), 0)::double,
            coalesce(sum(expected_profit_amount_high + fixed), 0)::double
        from (
            select priority.*, priority.cost_amount - coalesce((
                select sum(contact_cost_amount) from decisions.contact_plan as plan
                where plan.as_of_date = $day and plan.campaign_ref = priority.campaign_ref
            ), 0) as fixed
            from decisions.campaign_priority as priority
            where as_of_date = $day and contact_count > 0
        ) as ranked""",
        {"day": day},
    ).fetchone()
    return (float(row[0]), float(row[1])) if row else (0.0, 0.0)


def _earned(candidates: pd.DataFrame, profit: Reals, score: Callable[[int], Reals]) -> float:
    """Sum the profit of the best-scored candidates of each campaign, as many as the plan contacts."""
    ranked = candidates.assign(profit=profit, score=score(len(candidates)))
    ranked["place"] = ranked.groupby("campaign_ref")["score"].rank(method="first", ascending=False)
    many = ranked.groupby("campaign_ref")["is_planned"].transform("sum")
    return float(ranked.loc[ranked["place"] <= many, "profit"].sum())


def grade_company(session: Session, console: Console) -> None:
    """Print how well records were resolved, and the grade of what was last decided.

    Raises:
        StellaError: the company is no simulated one, or nothing was decided or planned.
    """
    settings = session.settings
    if not settings.database.is_file():
        raise StellaError(f"No run has been made yet for {settings.company_name}. Run `stella run` first.")
    truth = settings.company_home / "truth"
    world = read_world(truth)
    with session.connection() as connection:
        if "contact_plan" not in tables(connection, "decisions"):
            raise StellaError("Nothing was decided yet. Run `stella run` first.")
        show_identity(connection, truth, console)
        show(grade(connection, world, session.as_of(connection)), console)


def show(found: Grade, console: Console) -> None:
    """Print what the plan promised and what each choice truly earns."""
    console.print(
        f"{found.contacts:,} contacts are expected to earn {found.expected:,.0f} ({found.low:,.0f} to "
        f"{found.high:,.0f}) before fixed costs; truly {found.together:,.0f}: "
        f"{found.expected / found.together:.2f} x.",
        highlight=False,
    )
    table = Table("As many contacts of", "earn truly", "of the best possible")
    for name, profit in (
        ("anybody", found.at_random),
        ("those who buy most", found.best_customers),
        ("the plan", found.plan),
        ("whom it moves most, as only the world knows", found.perfect),
    ):
        table.add_row(name, f"{profit:,.0f}", f"{profit / found.perfect:.0%}")
    console.print(table)
