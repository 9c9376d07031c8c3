-- Which channels may carry the company's campaigns to the customer at the beginning of the day: an opt-in where the
-- channel needs one, no opt-out anywhere, nothing that closes the channel.
with stated as (
    select
        customer_id,
        channel_code,
        -- Refused for all purposes is refused for campaigns.
        min(case when is_permitted then 1 else 0 end) as permitted
    from {{ ref('fct_consent') }}
    where
        purpose in ({{ campaign_purpose() }}, 'all')
        and valid_from <= {{ as_of_at() }}
        and valid_to > {{ as_of_at() }}
    group by customer_id, channel_code
),

closed as (
    select distinct
        customer_id,
        -- What closes no channel by name closes all.
        coalesce(channel_code, 'all') as channel_code
    from {{ ref('fct_suppression') }}
    where valid_from <= {{ as_of_at() }} and valid_to > {{ as_of_at() }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current and customer_id <> -1 and {{ was_registered('registered_at') }}
),

judged as (
    select
        customers.customer_id,
        channels.channel_code,
        case
            when customers.is_deleted then 0
            when closed.customer_id is not null or closed_everywhere.customer_id is not null then 0
            when stated.permitted is not null then stated.permitted
            when channels.is_permission_needed then 0
            else 1
        end as permitted,
        case
            when channels.channel_code = 'email' then customers.has_email
            when channels.channel_code in ('sms', 'call_centre') then customers.has_phone
            when channels.channel_code = 'post' then customers.has_postal_address
            else true
        end as has_address
    from customers
    cross join {{ ref('channel') }} as channels
    left join stated
        on customers.customer_id = stated.customer_id and channels.channel_code = stated.channel_code
    left join closed
        on customers.customer_id = closed.customer_id and channels.channel_code = closed.channel_code
    left join closed as closed_everywhere
        on customers.customer_id = closed_everywhere.customer_id and closed_everywhere.channel_code = 'all'
    where channels.channel_code in ('email', 'sms', 'call_centre', 'post', 'app')
)

select
    customer_id,
    max(case when channel_code = 'email' then permitted end) = 1 as is_email_permitted,
    max(case when channel_code = 'sms' then permitted end) = 1 as is_sms_permitted,
    max(case when channel_code = 'call_centre' then permitted end) = 1 as is_call_permitted,
    max(case when channel_code = 'post' then permitted end) = 1 as is_post_permitted,
    max(case when channel_code = 'app' then permitted end) = 1 as is_app_permitted,
    cast(sum(case when has_address then permitted else 0 end) as bigint) as reachable_channel_count,
    max(case when has_address then permitted else 0 end) = 1 as is_reachable
from judged
group by customer_id
