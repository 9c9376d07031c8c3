{#- Column and address of each channel; an app needs none. -#}
{% set channels = {
    'email': ['is_email_permitted', 'has_email'], 'sms': ['is_sms_permitted', 'has_phone'],
    'call_centre': ['is_call_permitted', 'has_phone'], 'post': ['is_post_permitted', 'has_postal_address'],
    'app': ['is_app_permitted', 'true']
} -%}

-- Which channels may carry the company's campaigns to the customer at the beginning of the day: an opt-in where the
-- channel needs one, no opt-out anywhere, nothing that closes the channel. A column a channel costs half of a row each.
with stated as (
    select
        customer_id,
        -- Refused for all purposes is refused for campaigns.
        {% for channel in channels -%}
            min(
                case when channel_code = '{{ channel }}' then case when is_permitted then 1 else 0 end end
            ) as {{ channel }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('fct_consent') }}
    where
        purpose in ({{ campaign_purpose() }}, 'all')
        and valid_from <= {{ as_of_at() }}
        and valid_to > {{ as_of_at() }}
    group by customer_id
),

closed as (
    select
        customer_id,
        -- What closes no channel by name closes all.
        {% for channel in channels -%}
            max(
                case when coalesce(channel_code, 'all') in ('{{ channel }}', 'all') then 1 else 0 end
            ) as {{ channel }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('fct_suppression') }}
    where valid_from <= {{ as_of_at() }} and valid_to > {{ as_of_at() }}
    group by customer_id
),

-- What is permitted where nothing is stated.
unstated as (
    select
        {% for channel in channels -%}
            max(
                case when channel_code = '{{ channel }}' then case when is_permission_needed then 0 else 1 end end
            ) as {{ channel }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('channel') }}
),

judged as (
    select
        customers.customer_id,
        customers.has_email,
        customers.has_phone,
        customers.has_postal_address,
        {% for channel, (permitted, _) in channels.items() -%}
            not customers.is_deleted
            and coalesce(closed.{{ channel }}, 0) = 0
            and coalesce(stated.{{ channel }}, unstated.{{ channel }}) = 1 as {{ permitted }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ ref('dim_customer') }} as customers
    cross join unstated
    left join stated on customers.customer_id = stated.customer_id
    left join closed on customers.customer_id = closed.customer_id
    where
        customers.is_current
        and customers.customer_id <> -1
        and {{ was_registered('customers.registered_at') }}
),

reached as (
    select
        *,
        {% for permitted, address in channels.values() -%}
            case when {{ permitted }} and {{ address }} then 1 else 0 end{% if not loop.last %} + {% endif %}
        {%- endfor %} as reachable_channel_count
    from judged
)

select
    customer_id,
    is_email_permitted,
    is_sms_permitted,
    is_call_permitted,
    is_post_permitted,
    is_app_permitted,
    cast(reachable_channel_count as bigint) as reachable_channel_count,
    reachable_channel_count > 0 as is_reachable
from reached
