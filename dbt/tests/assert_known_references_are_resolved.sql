-- A row that names a customer or a product points to one: only what names nothing is unknown.
select
    'fct_order_line' as fact,
    count(*) as unresolved_count
from {{ ref('fct_order_line') }} as fact
inner join {{ ref('int_order_line__resolved') }} as named on fact.order_line_key = named.order_line_key
where (named.customer_ref is not null and fact.customer_id = -1) or fact.product_key = -1
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
