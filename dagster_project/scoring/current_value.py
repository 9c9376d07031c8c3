"""What each customer brought in the last 12 months, net of what he cost.

Belongs here: adding up. Does not belong here: anything expected.
"""

from __future__ import annotations

from datetime import date

from dagster_project.scoring.policy import ScoringPolicy
from dagster_project.scoring.purchase_history import date_key, line_value

MODEL_VERSION = "current_value 1"

_CURRENT_VALUE = """
with bounds as (select {first_key} as first_key, {end_key} as end_key),

bought as (
    select line.customer_id, count(distinct line.order_date_key) filter (where line.quantity > 0) as order_count,
        sum(line.net_amount) as revenue_amount, sum({value}) as value_amount
    from warehouse.fct_order_line as line, bounds
    where not coalesce(line.is_cancelled, false) and line.customer_id <> -1
        and line.order_date_key >= bounds.first_key and line.order_date_key < bounds.end_key
    group by line.customer_id
),

returned as (
    select fct.customer_id, sum(fct.refund_amount) as refund_amount,
        sum(least(fct.quantity * product.unit_cost_amount, fct.refund_amount)) filter (
            where product.unit_cost_amount is not null
        ) as cost_amount
    from warehouse.fct_return as fct
    left join warehouse.dim_product as product on product.product_key = fct.product_key, bounds
    where fct.customer_id <> -1 and fct.return_date_key >= bounds.first_key and fct.return_date_key < bounds.end_key
    group by fct.customer_id
),

contacted as (
    select customer_id, sum(cost_amount) filter (where not is_service) as contact_cost_amount,
        sum(cost_amount) filter (where is_service) as service_contact_cost_amount
    from (
        select touch.customer_id, touch.cost_amount,
            touch.touchpoint_kind = 'service_case'
            or touch.touchpoint_kind = 'contact'
            and (
                coalesce(touch.direction, '') = 'inbound'
                or regexp_matches(lower(coalesce(touch.purpose, '')), '^(service|care|support|complaint)')
            ) as is_service
        from warehouse.fct_touchpoint as touch, bounds
        where touch.customer_id <> -1
            and touch.touchpoint_date_key >= bounds.first_key and touch.touchpoint_date_key < bounds.end_key
    ) as classed
    group by customer_id
),

served as (
    select cases.customer_id, count(*) as case_count
    from warehouse.fct_service_case as cases, bounds
    where cases.customer_id <> -1
        and cases.opened_date_key >= bounds.first_key and cases.opened_date_key < bounds.end_key
    group by cases.customer_id
),

known as (
    select customer_id from warehouse.dim_customer
    where is_current and not is_inferred and customer_id <> -1 and registered_date_key < {end_key}
    union select customer_id from warehouse.fct_order_line where order_date_key < {end_key}
    union select customer_id from warehouse.fct_touchpoint where touchpoint_date_key < {end_key}
    union select customer_id from warehouse.fct_service_case where opened_date_key < {end_key}
),

added as (
    select known.customer_id,
        coalesce(bought.order_count, 0) as order_count,
        coalesce(bought.revenue_amount, 0) as revenue_amount,
        coalesce(bought.value_amount, 0) as value_amount,
        coalesce(returned.refund_amount, 0) as refund_amount,
        case when '{basis}' = 'margin' then coalesce(returned.cost_amount, 0) * {resale_share} else 0 end
            as returned_cost_amount,
        coalesce(contacted.contact_cost_amount, 0) as contact_cost_amount,
        coalesce(contacted.service_contact_cost_amount, 0) + coalesce(served.case_count, 0) * {case_cost}
            as service_cost_amount
    from known
    left join bought on bought.customer_id = known.customer_id
    left join returned on returned.customer_id = known.customer_id
    left join contacted on contacted.customer_id = known.customer_id
    left join served on served.customer_id = known.customer_id
    where known.customer_id <> -1
)

select customer_id, '{version}' as model_version, order_count, revenue_amount,
    case when '{basis}' = 'margin' then value_amount end as margin_amount, refund_amount, returned_cost_amount,
    contact_cost_amount, service_cost_amount,
    value_amount - refund_amount + returned_cost_amount - contact_cost_amount - service_cost_amount
        as current_value_amount,
    '{basis}' as value_basis
from added
order by customer_id
"""


def current_value(as_of: date, basis: tuple[str, float], policy: ScoringPolicy) -> str:
    """Write the SQL that adds up the current value of every customer known before the day, columns as `TABLES` has.

    Amounts are home currency. Value counts as margin or revenue by `basis`. Returned goods cost their refund and give
    back their cost, as far as the policy says they are sold again. Service is inbound and service contacts, and a cost
    per case.
    """
    first = date(as_of.year - 1, as_of.month, min(as_of.day, 28) if as_of.month == 2 else as_of.day)
    query = _CURRENT_VALUE.format(
        first_key=date_key(first),
        end_key=date_key(as_of),
        value=line_value(basis),
        basis=basis[0],
        resale_share=f"cast({policy.resale_share:.4f} as decimal(9,4))",
        case_cost=f"cast({policy.service_case_cost:.4f} as decimal(18,4))",
        version=MODEL_VERSION,
    )
    return f"({query})"
