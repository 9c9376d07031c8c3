"""Whether the numbers of a run tie out: two figures side by side, from two places, that must be equal.

Belongs here: reading the lines and saying them. The figures of the star and the marts are computed in
`mart_reconciliation`; those of the contact plan here, because they are files as much as tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from dagster_project.database import tables
from dagster_project.settings import Settings

TIE_CHECK = "figures_tie_out"
PLACE_CHECK = "every_planned_contact_has_its_place"
CHECKS = frozenset({TIE_CHECK, PLACE_CHECK})


@dataclass(frozen=True)
class Line:
    """Two figures that must be equal: rows (none where only money is compared) and money or points."""

    name: str
    left_figure: str
    left_rows: int | None
    left_amount: Decimal | None
    right_figure: str
    right_rows: int | None
    right_amount: Decimal | None
    is_equal: bool

    @property
    def sentence(self) -> str:
        """Both figures, with the sign between them."""
        left = _said(self.left_figure, self.left_rows, self.left_amount)
        right = _said(self.right_figure, self.right_rows, self.right_amount)
        return f"{left} {'=' if self.is_equal else '≠'} {right}"


def lines_of_tables(connection: duckdb.DuckDBPyConnection) -> list[Line]:
    """Read the lines of `marts.mart_reconciliation`, feed by feed; none before it is built."""
    if "mart_reconciliation" not in tables(connection, "marts"):
        return []
    rows = connection.execute(
        "select feed || ': ' || check_name, left_figure, left_row_count, left_amount, right_figure, right_row_count, "
        "right_amount, is_equal from marts.mart_reconciliation order by feed, check_name"
    ).fetchall()
    return [Line(*row) for row in rows]


# A plan covers its horizon and takes the place of the plans before it: what these had not sent is replaced, or
# suppressed where the customer may no longer be contacted. What the newest plan has not sent must lie in the outbox.
_PLANNED = """
with planned as (
    select plan_ref, as_of_date, customer_id from decisions.contact_plan where not is_control
),

newest as (select max(as_of_date) as day from decisions.decision_policy),

placed as (
    select planned.plan_ref,
        case
            when planned.plan_ref in (select plan_ref from warehouse.fct_campaign_contact) then 'sent'
            when planned.as_of_date = newest.day
                then case
                    when planned.plan_ref in (select plan_ref from waiting_contact) then 'waiting'
                    when planned.plan_ref in (select plan_ref from decisions.withheld_contact) then 'suppressed'
                end
            when planned.customer_id in (
                select customer_id from decisions.suppression where as_of_date = newest.day
            ) then 'suppressed'
            else 'replaced'
        end as place
    from planned
    cross join newest
)

select count(*), count(place),
    (select count(*) from waiting_contact where plan_ref not in (select plan_ref from planned))
from placed
"""


def line_of_plan(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Line | None:
    """Compare the contacts ever planned with those sent, suppressed, replaced or waiting in the outbox's files.

    A contact in the outbox that no plan knows counts on the right. None before anything was decided.
    """
    if not {"contact_plan", "decision_policy", "suppression", "withheld_contact"} <= set(
        tables(connection, "decisions")
    ):
        return None
    _read_outbox(connection, settings)
    row = connection.execute(_PLANNED).fetchone()
    connection.execute("drop table temp.waiting_contact")
    planned, placed, unknown = row or (0, 0, 0)
    return Line(
        "contact_plan: every planned contact has its place", "planned", planned, None,
        "sent, suppressed, replaced or waiting", placed + unknown, None, planned == placed and not unknown,
    )  # fmt: skip


def _read_outbox(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    row = connection.execute("select max(as_of_date) from decisions.decision_policy").fetchone()
    files = sorted((settings.outbox / str(row[0])).glob("*.csv")) if row and row[0] else []
    connection.execute("create or replace temp table waiting_contact (plan_ref varchar)")
    if files:
        connection.execute(
            "insert into waiting_contact select plan_ref from read_csv(?, header = true, all_varchar = true)",
            [[str(file) for file in files]],
        )


def verdict(lines: Sequence[Line]) -> str:
    """Say in one line how many figures tie out, and which do not."""
    broken = [line for line in lines if not line.is_equal]
    said = f"{len(lines) - len(broken)} of {len(lines)} figures tie out"
    return said + "".join(f"; {line.name}: {line.sentence}" for line in broken)


def _said(figure: str, rows: int | None, amount: Decimal | None) -> str:
    parts = [] if rows is None else [f"{rows:,} rows"]
    parts += [] if amount is None else [f"{amount:,.2f}"]
    return f"{figure} {', '.join(parts) or 'missing'}"
