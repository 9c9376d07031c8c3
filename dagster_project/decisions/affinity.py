"""How much more than others a customer buys of what a campaign is about.

The share of the category in a customer's order lines, drawn to everybody's share by `PRIOR_LINES` lines (the posterior
mean of a Dirichlet, Gelman et al., Bayesian Data Analysis, 3.4), over everybody's share: 1 = like everybody.

Belongs here: counting lines by category. Does not belong here: what affinity does to an effect.
"""

from __future__ import annotations

from datetime import date

import duckdb

from dagster_project.scoring.purchase_history import date_key

PRIOR_LINES = 10
HIGHEST = 4
"""No customer counts as liking a category more than so many times as much as everybody."""

_LINES = """warehouse.fct_order_line as line
    where not coalesce(line.is_cancelled, false) and line.customer_id <> -1
        and line.order_date_key > 0 and line.order_date_key < {end_key}"""
_TABLES = f"""
create or replace temp table decision_target as
select campaign_ref, target_category
from warehouse.dim_campaign
where is_current and is_announced and campaign_key <> -1 and nullif(trim(target_category), '') is not null;

create or replace temp table decision_category as
select product.category, sum(lines.line_count) / sum(sum(lines.line_count)) over () as share
from (select line.product_key, count(*) as line_count from {_LINES} group by line.product_key) as lines
inner join warehouse.dim_product as product on product.product_key = lines.product_key
where product.category is not null
group by product.category;

create or replace temp table decision_category_line as
select line.customer_id, aimed.category, line.order_date_key
from (select customer_id, product_key, order_date_key from {_LINES}) as line
inner join (
    select product_key, category from warehouse.dim_product
    where category in (select target_category from decision_target)
) as aimed on aimed.product_key = line.product_key
"""
_TODAY = """
create or replace temp table decision_aim as
select target.campaign_ref, target.target_category as category, taste.share
from decision_target as target
inner join decision_category as taste on taste.category = target.target_category
where target.campaign_ref in (select campaign_ref from warehouse.dim_campaign where is_current and ends_on >= {day})
    or not exists (select 1 from warehouse.dim_campaign where is_current and ends_on >= {day});

create or replace temp table decision_liking as
select customer_id, category, count(*) as line_count
from decision_category_line
where category in (select category from decision_aim)
group by customer_id, category
"""


def read_affinity(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Fill the temporary tables of affinity from the order lines.

    `decision_target` has the category of each campaign that has one, `decision_category` everybody's shares;
    `decision_category_line` the order lines of such categories. As of the day, `decision_aim` has the category of each
    campaign that may be listed, with everybody's share, `decision_liking` how many lines a customer has of it.
    """
    connection.execute(_TABLES.format(end_key=date_key(as_of)))
    connection.execute(_TODAY.format(day=f"date '{as_of.isoformat()}'"))


def affinity_of(category_lines: str, lines: str, share: str) -> str:
    """Write the SQL of the affinity; 1 where the campaign has no category or nobody bought of it."""
    return (
        f"least(coalesce(cast((coalesce({category_lines}, 0) + {PRIOR_LINES} * {share}) / "
        f"((coalesce({lines}, 0) + {PRIOR_LINES}) * {share}) as double), 1.0), {HIGHEST})"
    )
