{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of an event: its session, its visitor's or its record's customer, and the versions that it points to.
-- As a session is whole, all events of a visitor are made again.
select visitor_ref
from {{ ref('stg_web_events__touched') }}
union distinct
select visitor_ref
from {{ ref('dim_customer__touched_visitors') }}
union distinct
select events.visitor_ref
from {{ ref('stg_web_events') }} as events
inner join {{ ref('dim_customer__touched_records') }} as records
    on events.source_system = records.source_system and events.customer_ref = records.customer_ref
union distinct
select events.visitor_ref
from {{ ref('stg_web_events') }} as events
inner join {{ changed_in(ref('dim_product'), version_columns('product'), ['product_ref']) }} as products
    on events.product_ref = products.product_ref
union distinct
select events.visitor_ref
from {{ ref('stg_web_events') }} as events
inner join {{ changed_in(ref('dim_campaign'), version_columns('campaign'), ['campaign_ref']) }} as campaigns
    on lower(events.utm_campaign) = lower(campaigns.campaign_ref)
union distinct
select events.visitor_ref
from {{ ref('stg_web_events') }} as events
inner join {{ changed_order_references() }} as orders
    on events.source_system = orders.source_system and events.order_ref = orders.order_ref
