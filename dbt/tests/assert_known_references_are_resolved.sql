-- A row that names a customer or a product points to one: only what names nothing is unknown.
-- Of order lines those are looked at that point to nobody: few, beside those that name somebody.
with anonymous as (
    select {{ surrogate_key(['source_system', 'order_ref', 'line_number']) }} as order_line_key
    from {{ ref('stg_order_lines') }}
    where customer_ref is null
)

select
    'fct_order_line by customer' as fact,
    count(*) as unresolved_count
from {{ ref('fct_order_line') }} as fact
where
    fact.customer_id = -1
    and not exists (
        select 1 from anonymous
        where anonymous.order_line_key = fact.order_line_key
    )
having count(*) > 0
union all
select
    'fct_order_line by product' as fact,
    count(*) as unresolved_count
from {{ ref('fct_order_line') }}
where product_key = -1
having count(*) > 0
union all
select
    'fct_loyalty_entry' as fact,
    count(*) as unresolved_count
from {{ ref('fct_loyalty_entry') }}
where customer_id = -1
having count(*) > 0
union all
select
    'fct_campaign_contact' as fact,
    count(*) as unresolved_count
from {{ ref('fct_campaign_contact') }}
where customer_id = -1 or campaign_key = -1
having count(*) > 0
