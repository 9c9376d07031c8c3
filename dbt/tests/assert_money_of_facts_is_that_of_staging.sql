-- Every amount of staging is in its fact, to the last digit, in both currencies. Cancelled lines are in both sums.
{%- set measures = [
    ('stg_order_lines', 'net_amount', 'fct_order_line', 'net_amount'),
    ('stg_order_lines', 'net_amount_original', 'fct_order_line', 'net_amount_original'),
    ('stg_order_lines', 'discount_amount', 'fct_order_line', 'discount_amount'),
    ('stg_order_lines', 'tax_amount', 'fct_order_line', 'tax_amount'),
    ('stg_order_lines', 'quantity', 'fct_order_line', 'quantity'),
    ('stg_returns', 'amount', 'fct_return', 'refund_amount'),
    ('stg_returns', 'amount_original', 'fct_return', 'refund_amount_original'),
    ('stg_loyalty_entries', 'points', 'fct_loyalty_entry', 'points'),
    ('int_opportunity__staged', 'opportunity_amount_original', 'fct_opportunity', 'opportunity_amount_original')
] %}

with summed as (
    {% for source, source_measure, fact, fact_measure in measures -%}
        select
            '{{ fact }}.{{ fact_measure }}' as measure,
            (select coalesce(sum({{ source_measure }}), 0) from {{ ref(source) }}) as source_amount,
            (select coalesce(sum({{ fact_measure }}), 0) from {{ ref(fact) }}) as fact_amount
        union all
    {% endfor -%}
    select
        'fct_campaign_contact.cost_amount' as measure,
        (select coalesce(sum(cost), 0) from {{ ref('stg_campaign_contacts') }}) as source_amount,
        (
            select coalesce(sum(cost_amount), 0) from {{ ref('fct_campaign_contact') }}
            where cost_basis = 'stated'
        ) as fact_amount
)

select
    measure,
    source_amount,
    fact_amount
from summed
where source_amount <> fact_amount
